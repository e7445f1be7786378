//! The keys of a tenant: how many, whose, and what happens when two are made at the same moment.

use std::time::Duration;

use app::{
    api_key::{ApiKey, Minting},
    audit,
    call::{Call, Caller, Clock, Entropy},
    create_key::{self, CreateKey},
    create_operator_key::{self, CreateOperatorKey},
    error::Error,
    key_ring::{self, USABLE_MAX},
    memory::MemoryStore,
    port::CommitError,
    request_key::{Answered, Asking, RequestKey},
    revoke_key,
    seal::Seal,
    secret_answer::ShownKey,
};
use domain::{denied::Denied, ids::TenantId, rate::RateLimit, time::Timestamp, transition::Actor};

use crate::stage::MarkingVault;

const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);

struct Desk {
    store: MemoryStore,
    seal: Seal,
    clock: Clock,
    caller: Caller,
}

impl Desk {
    fn new() -> Self {
        let tenant: TenantId = "acme~test".parse().expect("a tenant");
        Self {
            store: MemoryStore::new(),
            seal: Seal::new([7; 32]),
            clock: Clock::standing_at(NOW),
            caller: Caller {
                expires_at: None,
                tenant,
                key_id: "callersownid".to_owned(),
                owner: "ann".to_owned(),
                operator: false,
                scopes: vec!["keys:write".to_owned(), "balance:read".to_owned()],
                limit: RateLimit::STANDARD,
            },
        }
    }

    fn call(&self, number: u8) -> Call {
        Call {
            clock: self.clock.clone(),
            entropy: Entropy::new(number.into()),
            actor: self.caller.actor(),
        }
    }

    /// Makes the key of that number.
    async fn create(
        &self,
        number: u8,
        (key, expires_at): (Option<&RequestKey>, Option<Timestamp>),
    ) -> Result<Answered<ShownKey>, Error> {
        let render = |it: &ShownKey| format!("{} {:?}", it.key.id, it.secret);
        let command = CreateKey {
            asking: Asking {
                tenant: &self.caller.tenant,
                key,
                render: &render,
            },
            caller: &self.caller,
            name: format!("key {number}"),
            scopes: vec!["balance:read"],
            expires_at,
            minting: Minting {
                seal: &self.seal,
                random: &[number; 32],
            },
        };
        create_key::run(&self.call(number), &self.store, &MarkingVault, command).await
    }

    fn books_are_right(&self) {
        assert_eq!(audit::findings(&self.store.dump()), []);
    }
}

fn fresh(answered: Answered<ShownKey>) -> ApiKey {
    match answered {
        Answered::Fresh { it, .. } => it.key,
        Answered::Replayed { body } => panic!("replayed {body}"),
    }
}

#[tokio::test]
async fn a_tenant_has_two_hundred_usable_keys_at_the_most() {
    let desk = Desk::new();
    let soon = NOW.plus(Duration::from_secs(60));
    let mut made = Vec::new();
    let most = u8::try_from(USABLE_MAX).expect("fits");
    for number in 1..=most {
        let expires_at = (number == 1).then_some(soon);
        let answered = desk.create(number, (None, expires_at)).await;
        made.push(fresh(answered.expect("made")));
    }
    let one_more = desk.create(201, (None, None)).await;
    let exhausted = Error::Denied(Denied::KeysExhausted);
    assert_eq!(one_more.err(), Some(exhausted.clone()));

    // One that has expired makes room, and so does one that is revoked.
    desk.clock.advance_ms(60_000);
    desk.create(201, (None, None)).await.expect("made");
    assert_eq!(desk.create(202, (None, None)).await.err(), Some(exhausted));
    let who = (&desk.caller, made[1].id.as_str());
    let revoked = revoke_key::run(&desk.call(250), &desk.store, who).await;
    assert!(revoked.expect("revoked").revoked_at.is_some());
    desk.create(202, (None, None)).await.expect("made");
    let ring = key_ring::read(&desk.store, &desk.caller.tenant).await;
    let ring = ring.expect("readable");
    assert_eq!((ring.usable.len(), ring.made), (USABLE_MAX, 202));
    desk.books_are_right();
}

#[tokio::test]
async fn the_same_request_made_twice_makes_one_key() {
    let desk = Desk::new();
    let key = RequestKey {
        digest: "d1".to_owned(),
        fingerprint: "f1".to_owned(),
        expires_at: NOW.plus(Duration::from_secs(86_400)),
    };
    let first = desk.create(1, (Some(&key), None)).await.expect("made");
    let Answered::Fresh { body, .. } = first else {
        panic!("new");
    };
    let again = desk.create(2, (Some(&key), None)).await.expect("known");
    assert!(matches!(again, Answered::Replayed { body: ref it } if *it == body));
    desk.clock.advance_ms(600_000);
    let later = desk.create(3, (Some(&key), None)).await.expect("known");
    let Answered::Replayed { body: without } = later else {
        panic!("known");
    };
    assert!(without.ends_with("None"), "{without}");
    let other = RequestKey {
        fingerprint: "f2".to_owned(),
        ..key
    };
    let refused = desk.create(4, (Some(&other), None)).await;
    assert_eq!(refused.err(), Some(Error::KeyReused));
    desk.books_are_right();
}

#[tokio::test]
async fn the_first_key_of_a_tenant_is_an_operators_and_is_noted() {
    let desk = Desk::new();
    let call = Call {
        actor: Actor::System("create-operator-key".to_owned()),
        ..desk.call(1)
    };
    let command = CreateOperatorKey {
        tenant: desk.caller.tenant.clone(),
        name: "console".to_owned(),
        owner: "ann".to_owned(),
        scopes: vec!["wallet:write"],
        minting: Minting {
            seal: &desk.seal,
            random: &[9; 32],
        },
    };
    let shown = create_operator_key::run(&call, &desk.store, command).await;
    let shown = shown.expect("made");
    assert!(shown.key.operator && shown.secret.is_some_and(|it| it.starts_with("psk_test_")));
    let noted = desk.store.dump().records.into_iter().any(
        |record| matches!(record, app::record::Record::AuditEvent(it) if it.action == "key.create"),
    );
    assert!(noted);
    desk.books_are_right();
}

#[tokio::test]
async fn keys_made_at_the_same_moment_are_all_counted() {
    let desk = Desk::new();
    let ring = key_ring::read(&desk.store, &desk.caller.tenant).await;
    let ring = ring.expect("readable");
    let first = fresh(desk.create(1, (None, None)).await.expect("made"));
    // A second writer that read the ring before the first one wrote it.
    let late = ApiKey {
        id: "lateconemore".to_owned(),
        ..first
    };
    let changes = app::changes::Changes::new("key", "late".to_owned());
    let changes = ring.add(changes, late, NOW).expect("room");
    let refused = app::port::Store::commit(&desk.store, changes).await;
    assert!(matches!(refused, Err(CommitError::Refused(_))));
    desk.create(2, (None, None)).await.expect("made");
    desk.books_are_right();
}
