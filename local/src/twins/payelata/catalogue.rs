//! The payout services the twin publishes, and what their fields must look like.

use super::money::Minor;

/// One payout service.
pub(crate) struct Service {
    pub(crate) id: &'static str,
    pub(crate) code: &'static str,
    pub(crate) method: &'static str,
    pub(crate) service_currency: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) active: bool,
    pub(crate) min: Minor,
    pub(crate) max: Minor,
    pub(crate) fields: &'static [Field],
    /// One of the contract's two printed services shows neither its service relationship nor its link.
    pub(crate) lean: bool,
}

/// One field a service asks for.
pub(crate) struct Field {
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    pub(crate) pattern: Pattern,
    pub(crate) required: bool,
}

/// What a field's value must look like.
#[derive(Clone, Copy)]
pub(crate) enum Pattern {
    /// This many decimal digits.
    Digits(usize, usize),
    /// 9 digits that begin as the numbers of American banks do.
    Routing,
    /// 2 to 64 letters, hyphens or blanks. Status words carry `_`, so that is taken as well.
    Words,
    /// 2 to 128 characters of any kind.
    Name,
}

impl Pattern {
    /// The regular expression as the contract prints it, every backslash written twice.
    pub(crate) fn printed(self) -> String {
        match self {
            Self::Digits(min, max) if min == max => format!(r"^\\d{{{min}}}$"),
            Self::Digits(min, max) => format!(r"^\\d{{{min},{max}}}$"),
            Self::Routing => r"^(0\\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\\d{7}$".to_owned(),
            Self::Words => r"^[A-Z\\-\\sa-z]{2,64}$".to_owned(),
            Self::Name => "^.{2,128}$".to_owned(),
        }
    }

    pub(crate) fn fits(self, value: &str) -> bool {
        let length = value.chars().count();
        match self {
            Self::Digits(min, max) => {
                (min..=max).contains(&length) && value.bytes().all(|b| b.is_ascii_digit())
            }
            Self::Routing => {
                let district = value.get(..2).and_then(|text| text.parse().ok());
                let is_known = |number| matches!(number, 0..=12 | 21..=32 | 61..=72 | 80);
                Self::Digits(9, 9).fits(value) && district.is_some_and(is_known)
            }
            Self::Words => {
                let word =
                    |c: char| c.is_ascii_alphabetic() || c == '-' || c == '_' || c.is_whitespace();
                (2..=64).contains(&length) && value.chars().all(word)
            }
            Self::Name => (2..=128).contains(&length) && !value.contains('\n'),
        }
    }
}

const fn field(key: &'static str, label: &'static str, pattern: Pattern) -> Field {
    Field {
        key,
        label,
        pattern,
        required: true,
    }
}

const fn control(key: &'static str, label: &'static str, pattern: Pattern) -> Field {
    Field {
        key,
        label,
        pattern,
        required: false,
    }
}

const USD_SERVICE: Service = Service {
    id: "",
    code: "",
    method: "",
    service_currency: "USD",
    currency: "USD",
    active: true,
    min: Minor(1),
    max: Minor(999_999_900),
    fields: &[],
    lean: false,
};

/// Every service, in the order of the list: the two the contract prints first, which are not active.
pub(crate) static SERVICES: [Service; 5] = [
    Service {
        id: "comcpos_RHUGUgEnmmedR7h3",
        code: "swift_jpy",
        method: "swift",
        service_currency: "JPY",
        currency: "GBP",
        active: false,
        min: Minor(100),
        max: Minor(99_999_900),
        ..USD_SERVICE
    },
    Service {
        id: "comcpos_giKmqeYwcuWV4QSt",
        code: "bank_transfer_zar",
        method: "bank_transfer",
        service_currency: "ZAR",
        active: false,
        max: Minor(100_000_000),
        lean: true,
        ..USD_SERVICE
    },
    Service {
        id: "comcpos_TestUsd000000001",
        code: "test_usd",
        method: "test",
        fields: &[
            field("account", "Account", Pattern::Digits(1, 15)),
            control(
                "test_details_success_rate",
                "Success rate (%)",
                Pattern::Digits(1, 15),
            ),
            control(
                "test_details_payout_status",
                "Expected status",
                Pattern::Words,
            ),
            control(
                "test_details_payout_resolution",
                "Expected resolution",
                Pattern::Words,
            ),
        ],
        ..USD_SERVICE
    },
    Service {
        id: "comcpos_CardUsd000000001",
        code: "card",
        method: "payment_card",
        fields: &[field("card_number", "Card number", Pattern::Digits(12, 19))],
        ..USD_SERVICE
    },
    Service {
        id: "comcpos_BankUsd000000001",
        code: "bank_transfer_usd",
        method: "bank_transfer",
        fields: &[
            field("account_number", "Account number", Pattern::Digits(4, 17)),
            field("routing_number", "Routing number", Pattern::Routing),
            field("account_holder", "Account holder", Pattern::Name),
        ],
        ..USD_SERVICE
    },
];

/// The active service of this code.
pub(crate) fn active(code: &str) -> Option<&'static Service> {
    SERVICES
        .iter()
        .find(|service| service.code == code && service.active)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_printed_with_doubled_backslashes_as_in_the_contract() {
        assert_eq!(Pattern::Digits(1, 15).printed(), r"^\\d{1,15}$");
        assert_eq!(Pattern::Digits(9, 9).printed(), r"^\\d{9}$");
        assert_eq!(Pattern::Words.printed(), r"^[A-Z\\-\\sa-z]{2,64}$");
    }

    #[test]
    fn a_value_fits_only_the_whole_pattern() {
        assert!(Pattern::Digits(12, 19).fits("5123817234060000"));
        assert!(!Pattern::Digits(12, 19).fits("51238172340"));
        assert!(!Pattern::Digits(12, 19).fits("5123 8172 3406 0000"));
        assert!(!Pattern::Digits(1, 15).fits("١٢٣"));
        assert!(Pattern::Routing.fits("021000021") && Pattern::Routing.fits("801234567"));
        assert!(!Pattern::Routing.fits("131000021") && !Pattern::Routing.fits("990000021"));
        assert!(!Pattern::Routing.fits("02100002") && !Pattern::Routing.fits("+21000021"));
        assert!(Pattern::Words.fits("PROCESS-FAILED") && Pattern::Words.fits("process failed"));
        assert!(Pattern::Name.fits("Jürgen O'Neil") && !Pattern::Name.fits("J"));
    }
}
