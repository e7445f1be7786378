//! Nothing secret or personal is shown by anything that can be printed.

use app::port::Lookup;
use domain::attempt_machine::AttemptState;
use platform::pace::Pace;

use crate::stage::{
    Act, attempt, create, fixture, object, printed, process, proves, provider, read,
};

const HIDDEN: [&str; 7] = [
    "5123817234060000",
    "512381",
    "coma_TESTACCOUNT01",
    "ak_TESTKEY0001",
    "Y29tYV9URVNU",
    "sk_test_EXAMPLEKEY0001",
    "00112233445566778899aabbccddeeff",
];

fn assert_hidden(shown: &str) {
    for hidden in HIDDEN {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[tokio::test]
async fn no_answer_shows_a_card_number_or_a_credential() {
    let echo = r#"{"errors":{"card_number":"5123817234060000","5123817234060000":"is wrong"}}"#;
    let acts = [
        Act::Say(201, fixture("created.json")),
        Act::Say(
            201,
            fixture("created.json").replace("\"updated\"", "\"card 5123817234060000\""),
        ),
        Act::Say(409, fixture("created.json")),
        Act::Say(200, printed("list.json")),
        Act::Say(400, echo.to_owned()),
        Act::Say(401, echo.to_owned()),
        Act::Say(422, echo.to_owned()),
        Act::Say(500, echo.to_owned()),
        Act::Raw(b"5123817234060000".to_vec()),
        Act::Reset,
    ];
    for act in acts {
        let create = create(act.clone()).await;
        let verdict = proves(
            &attempt(AttemptState::Sending),
            domain::resolution::Asked::Create,
            &create,
        );
        assert_hidden(&format!("{create:?} {verdict:?}"));
        assert_hidden(&format!("{:?}", process(act.clone()).await));
        assert_hidden(&format!("{:?}", read(act.clone(), Lookup::Reference).await));
        assert_hidden(&format!("{:?}", read(act, Lookup::Object(object())).await));
    }
}

#[tokio::test]
async fn the_adapter_itself_shows_no_credential() {
    let shown = format!("{:?}", provider("http://127.0.0.1:1/api", Pace::real()));
    assert!(shown.contains("Payelata"));
    assert_hidden(&shown);
}
