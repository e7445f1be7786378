//! Payout methods whose account the provider judges before they are saved.

use app::{
    error::{Error, FieldError},
    port::{AccountCheck, Plaintext, Store},
    put_payout_method::{self, Means, PutPayoutMethod},
    record::{Key, Record},
    request_key::{Answered, Asking, RequestKey},
};
use domain::driver::{Driver, MethodKind};

use crate::stage::{MarkingVault, Stage};

fn put(stage: &Stage, account: &str) -> impl Future<Output = Result<Answered<Driver>, Error>> {
    let key = RequestKey {
        digest: format!("key of {account}"),
        fingerprint: account.to_owned(),
        expires_at: stage.clock.now().plus(std::time::Duration::from_secs(60)),
    };
    let account = Plaintext(account.to_owned());
    async move {
        let command = PutPayoutMethod {
            asking: Asking {
                tenant: &stage.tenant,
                key: Some(&key),
                render: &|driver: &Driver| driver.id.to_string(),
            },
            driver: stage.driver.clone(),
            kind: MethodKind::BankAccount,
            masked: "****6789".to_owned(),
            account,
        };
        let means = Means {
            vault: &MarkingVault,
            providers: &stage.provider,
        };
        put_payout_method::run(&stage.call("client"), &stage.memory, means, command).await
    }
}

async fn version(stage: &Stage) -> u32 {
    let key = Key::Driver(stage.tenant.clone(), stage.driver.clone());
    let found = stage.memory.fetch(&[key]).await.expect("in memory");
    match found.into_iter().next().flatten() {
        Some(Record::Driver(driver)) => driver.method.map_or(0, |method| method.version),
        other => panic!("no driver: {other:?}"),
    }
}

#[tokio::test]
async fn an_account_that_fits_is_saved_and_a_repeat_asks_nobody() {
    let stage = Stage::new().await;
    stage.provider.check_accounts_with(AccountCheck::Fits);
    let (before, asked) = (version(&stage).await, stage.provider.account_checks());
    let first = put(&stage, "a").await.expect("saved");
    assert!(matches!(first, Answered::Fresh { .. }));
    let again = put(&stage, "a").await.expect("replayed");
    assert!(matches!(again, Answered::Replayed { .. }));
    assert_eq!(version(&stage).await, before + 1);
    assert_eq!(stage.provider.account_checks(), asked + 1);
}

#[tokio::test]
async fn an_account_that_the_provider_would_refuse_is_not_saved_and_its_member_is_named() {
    let stage = Stage::new().await;
    let before = version(&stage).await;
    let problems = vec![FieldError::new("routingNumber", "must match ^0")];
    let refused = AccountCheck::Refused(problems.clone());
    stage.provider.check_accounts_with(refused);
    let error = put(&stage, "a").await.expect_err("refused");
    assert_eq!(error, Error::Invalid(problems));
    assert_eq!(version(&stage).await, before);

    // A refusal is not remembered: what the provider asks for may change.
    stage.provider.check_accounts_with(AccountCheck::Fits);
    put(&stage, "a").await.expect("saved");
    assert_eq!(version(&stage).await, before + 1);
}

#[tokio::test]
async fn an_account_nobody_can_judge_is_saved() {
    let stage = Stage::new().await;
    let before = version(&stage).await;
    let unclear = AccountCheck::Unchecked {
        cause: "timeout".to_owned(),
    };
    stage.provider.check_accounts_with(unclear);
    put(&stage, "a").await.expect("saved");
    stage.provider.check_accounts_with(AccountCheck::NotAsked);
    put(&stage, "b").await.expect("saved");
    assert_eq!(version(&stage).await, before + 2);
}
