//! Who may ring: only what the manifest says proves it.

use std::time::Duration;

use domain::{
    manifest::{CallbackProof, Manifest},
    time::Timestamp,
};
use local::twins::{
    owlpay::{self, webhook},
    payelata::{self, callback},
};
use serde_json::json;

use crate::rig::{Rig, promises};

/// A callback as a provider sends it: where to, the name of the header that proves it, and what is sent.
struct Ring {
    path: String,
    header: &'static str,
    body: String,
}

/// How a body is signed with one of the provider's secrets, or another, at a time.
fn signed(proof: CallbackProof, ring: &Ring, (is_ours, at): (bool, Timestamp)) -> Option<String> {
    let body = ring.body.as_bytes();
    match proof {
        CallbackProof::Sha1Envelope { .. } => {
            let secret = if is_ours {
                payelata::CALLBACK_KEY_TEST
            } else {
                "another"
            };
            Some(callback::signature(secret, body))
        }
        CallbackProof::TimedHmac { .. } => {
            let secret = if is_ours {
                owlpay::WEBHOOK_SECRET_TEST
            } else {
                "another"
            };
            Some(webhook::signature(secret, at.seconds(), body))
        }
        CallbackProof::NoCallbacks => None,
    }
}

/// A genuine ring about an attempt that the provider paid.
async fn ring(rig: &Rig, promises: &Manifest) -> Option<Ring> {
    let attempt = rig.paid_attempt(promises.provider).await;
    let object = attempt.object.as_ref().map(ToString::to_string);
    let seal = &rig.host.world.backend.seal;
    match promises.callbacks {
        CallbackProof::Sha1Envelope { header } => Some(Ring {
            path: format!(
                "/callbacks/{}/{}",
                promises.provider.name(),
                seal.callback_token(&attempt.tenant, &attempt.reference)
            ),
            header,
            body: json!({"data": {"type": "payout-invoices", "id": object}}).to_string(),
        }),
        CallbackProof::TimedHmac { header, .. } => Some(Ring {
            path: format!("/callbacks/{}", promises.provider.name()),
            header,
            body: json!({"is_test": 1, "observation": "order.updated",
                "data": {"order": {"uuid": object}}})
            .to_string(),
        }),
        CallbackProof::NoCallbacks => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_is_heard_with_the_documented_proof_and_with_no_other() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let Some(ring) = ring(&rig, promises).await else {
            for path in [format!("/callbacks/{name}"), format!("/callbacks/{name}/x")] {
                assert_eq!(
                    rig.post(&path, None, "{}").await,
                    404,
                    "{name} has no callbacks"
                );
            }
            continue;
        };
        let now = rig.now();
        let sign = |is_ours, at| signed(promises.callbacks, &ring, (is_ours, at));
        let post = async |signature: Option<String>, body: &str| {
            let header = signature.map(|signature| (ring.header, signature));
            rig.post(&ring.path, header, body).await
        };
        let right = sign(true, now);
        assert_eq!(post(right.clone(), &ring.body).await, 200, "{name}");
        assert_eq!(
            post(sign(false, now), &ring.body).await,
            401,
            "{name}: another's secret"
        );
        assert_eq!(post(None, &ring.body).await, 401, "{name}: no proof");
        assert_eq!(
            post(Some(String::new()), &ring.body).await,
            401,
            "{name}: an empty proof"
        );
        let changed = ring.body.replace('{', "{ ");
        assert_eq!(post(right, &changed).await, 401, "{name}: another body");
        match promises.callbacks {
            CallbackProof::TimedHmac { tolerance, .. } => {
                let too_far = tolerance + Duration::from_secs(60);
                for at in [now.minus(too_far), now.plus(too_far)] {
                    assert_eq!(
                        post(sign(true, at), &ring.body).await,
                        401,
                        "{name}: not fresh"
                    );
                }
            }
            // Without a time it can be replayed for ever: it proves nothing about money.
            CallbackProof::Sha1Envelope { .. } | CallbackProof::NoCallbacks => {}
        }
    }
}
