use app::call::Caller;
use domain::rate::RateLimit;
use serde::Serialize;

use super::*;
use crate::api::request::Headers;

fn request(tenant: &str, query: &[(&str, &str)]) -> Request {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Request {
        method: "GET".to_owned(),
        route: "/api/v1/payouts",
        path: "/api/v1/payouts".to_owned(),
        params: Vec::new(),
        query: query.iter().map(owned).collect(),
        headers: Headers::default(),
        body: Vec::new(),
        id: "req-1".to_owned(),
        received_at: Timestamp::from_millis(0),
        caller: Some(Caller {
            expires_at: None,
            tenant: tenant.parse().expect("valid"),
            key_id: "k".to_owned(),
            owner: "erp".to_owned(),
            operator: false,
            scopes: Vec::new(),
            limit: RateLimit::STANDARD,
        }),
    }
}

fn seal() -> Seal {
    Seal::new([7; 32])
}

/// What the query asks for, or the names of the parameters that cannot be used.
fn read(request: &Request) -> Result<Paging, Vec<String>> {
    let seal = seal();
    let mut query = Query::new(&request.query);
    let listing = Listing::of(request, &seal).expect("a caller");
    let paging = listing.paging(&mut query);
    query.optional("status", |_| Ok::<_, String>(()));
    match query.finish() {
        Ok(()) => Ok(paging),
        Err(Error::Invalid(problems)) => Err(problems.into_iter().map(|it| it.path).collect()),
        Err(other) => panic!("{other}"),
    }
}

fn of(query: &[(&str, &str)]) -> Result<Paging, Vec<String>> {
    read(&request("acme~test", query))
}

fn place() -> Place {
    Place {
        at: Timestamp::from_millis(1_769_860_800_123),
        id: "pay_1".to_owned(),
    }
}

fn cursor(tenant: &str, filters: &[(&str, &str)]) -> String {
    let request = request(tenant, filters);
    let seal = seal();
    let listing = Listing::of(&request, &seal).expect("a caller");
    listing.cursor(2, &place())
}

#[test]
fn without_parameters_it_is_the_first_page_of_fifty() {
    let expected = Paging {
        start: Start::Page(1),
        size: 50,
    };
    assert_eq!(of(&[]), Ok(expected));
}

#[test]
fn limit_is_another_name_of_the_page_size() {
    let expected = Paging {
        start: Start::Page(3),
        size: 20,
    };
    for name in ["limit", "pageSize"] {
        assert_eq!(of(&[("page", "3"), (name, "20")]), Ok(expected.clone()));
    }
    let both = of(&[("limit", "20"), ("pageSize", "20")]);
    assert_eq!(both, Err(vec!["limit".to_owned()]));
}

#[test]
fn numbers_out_of_range_are_refused_and_never_changed() {
    for (name, value) in [
        ("page", "0"),
        ("page", "100001"),
        ("pageSize", "0"),
        ("pageSize", "101"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", ""),
    ] {
        assert_eq!(of(&[(name, value)]), Err(vec![name.to_owned()]), "{value}");
    }
}

#[test]
fn a_cursor_leads_to_its_place_whatever_the_page_size() {
    let cursor = cursor("acme~test", &[("status", "paid")]);
    let expected = Paging {
        start: Start::After {
            page: 2,
            place: place(),
        },
        size: 10,
    };
    let query = [("limit", "10"), ("status", "paid"), ("cursor", &cursor)];
    assert_eq!(of(&query), Ok(expected));
}

#[test]
fn a_cursor_goes_alone() {
    let cursor = cursor("acme~test", &[]);
    let refused = of(&[("page", "2"), ("cursor", &cursor)]);
    assert_eq!(refused, Err(vec!["cursor".to_owned()]));
}

#[test]
fn a_cursor_of_another_list_opens_nothing() {
    let ours = cursor("acme~test", &[("status", "paid")]);
    let mut elsewhere = request("acme~test", &[("status", "paid"), ("cursor", &ours)]);
    elsewhere.route = "/api/v1/drivers";
    let mut of_other_driver = request("acme~test", &[("status", "paid"), ("cursor", &ours)]);
    of_other_driver.params = vec![("id".to_owned(), "drv_2".to_owned())];
    for foreign in [
        request("acme~live", &[("status", "paid"), ("cursor", &ours)]),
        request("other~test", &[("status", "paid"), ("cursor", &ours)]),
        request("acme~test", &[("status", "failed"), ("cursor", &ours)]),
        request("acme~test", &[("cursor", &ours)]),
        elsewhere,
        of_other_driver,
    ] {
        assert_eq!(read(&foreign), Err(vec!["cursor".to_owned()]));
    }
}

#[test]
fn a_cursor_that_was_touched_or_made_up_opens_nothing() {
    let ours = cursor("acme~test", &[]);
    let bytes = URL_SAFE_NO_PAD.decode(&ours).expect("base64");
    let flipped = (0..bytes.len()).map(|index| {
        let mut bytes = bytes.clone();
        bytes[index] ^= 1;
        URL_SAFE_NO_PAD.encode(bytes)
    });
    let made_up = [
        String::new(),
        "x".to_owned(),
        "?".to_owned(),
        "AAAA".repeat(9),
        format!("{ours}="),
        format!(" {ours}"),
        format!("{ours}AAAA"),
        ours[..ours.len() - 4].to_owned(),
        "A".repeat(100_000),
    ];
    for text in flipped.chain(made_up) {
        let refused = of(&[("cursor", &text)]);
        assert_eq!(refused, Err(vec!["cursor".to_owned()]), "{text:.80}");
    }
}

#[test]
fn a_page_has_the_published_members_and_a_cursor_only_before_another_page() {
    #[derive(Serialize)]
    struct Shown(u8);
    impl From<&u8> for Shown {
        fn from(it: &u8) -> Self {
            Self(*it)
        }
    }
    let request = request("acme~test", &[]);
    let seal = seal();
    let listing = Listing::of(&request, &seal).expect("a caller");
    let page = |next| Page {
        items: vec![1_u8, 2],
        total: 3,
        page: 1,
        size: 2,
        next,
    };
    let text = |page: Page<u8>| {
        serde_json::to_string(&listing.view::<_, Shown>(&page)).expect("it is JSON")
    };
    let last = r#"{"items":[1,2],"total":3,"page":1,"pageSize":2,"hasNextPage":false}"#;
    assert_eq!(text(page(None)), last);
    let cursor = listing.cursor(2, &place());
    let first = format!(
        r#"{{"items":[1,2],"total":3,"page":1,"pageSize":2,"hasNextPage":true,"nextCursor":"{cursor}"}}"#
    );
    assert_eq!(text(page(Some(place()))), first);
}

#[test]
fn a_range_is_read_from_full_moments_in_order() {
    let paths = |query: &[(&str, &str)]| {
        let request = request("acme~test", query);
        let mut query = Query::new(&request.query);
        let range = range(&mut query);
        match query.finish() {
            Ok(()) => Ok(range),
            Err(Error::Invalid(problems)) => Err(problems[0].path.clone()),
            Err(other) => panic!("{other}"),
        }
    };
    let noon = "2026-01-31T12:00:00Z";
    let at = Timestamp::from_millis(1_769_860_800_000);
    let from = Range {
        from: Some(at),
        to: None,
    };
    assert_eq!(paths(&[("from", noon)]), Ok(from));
    assert_eq!(paths(&[]), Ok(Range::default()));
    assert_eq!(paths(&[("from", "2026-01-31")]), Err("from".to_owned()));
    for to in [noon, "2026-01-31T13:00:00+02:00", "2026-01-32T12:00:00Z"] {
        assert_eq!(paths(&[("from", noon), ("to", to)]), Err("to".to_owned()));
    }
}
