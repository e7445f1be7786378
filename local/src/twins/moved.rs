//! The money that one payment of a twin has moved, movement by movement.

use serde::{Deserialize, Serialize};

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// To the recipient.
    Out,
    /// Back to the merchant.
    In,
}

impl Way {
    /// The word of the control API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
        }
    }

    /// The amount as the recipient counts it.
    pub(crate) const fn signed(self, amount: i64) -> i64 {
        match self {
            Self::Out => amount,
            Self::In => -amount,
        }
    }
}

/// What moved, oldest first, in minor units. Empty while nothing did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved(Vec<(Way, i64)>);

impl Moved {
    /// Lets as much leave as the recipient lacks to `amount`.
    pub(crate) fn leave(&mut self, amount: i64) {
        let lacks = amount - self.outside();
        if lacks > 0 {
            self.0.push((Way::Out, lacks));
        }
    }

    /// Brings `part` back, or what there is when that is less.
    pub(crate) fn come_back(&mut self, part: i64) {
        let part = part.min(self.outside());
        if part > 0 {
            self.0.push((Way::In, part));
        }
    }

    /// What the recipient has.
    pub(crate) fn outside(&self) -> i64 {
        self.0.iter().map(|(way, amount)| way.signed(*amount)).sum()
    }

    /// Money left at some time, whatever came back of it.
    pub(crate) fn has_left(&self) -> bool {
        !self.0.is_empty()
    }

    /// The rows of the control API: one for each movement, and one of `asked` while nothing moved.
    pub(crate) fn rows(&self, asked: i64) -> Vec<(Way, i64)> {
        if self.has_left() {
            self.0.clone()
        } else {
            vec![(Way::Out, asked)]
        }
    }
}

/// A part of an amount when nobody says how much.
pub(crate) fn half(minor: i64) -> i64 {
    (minor / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_comes_back_than_left_and_no_more_leaves_than_is_missing() {
        let mut moved = Moved::default();
        moved.come_back(5);
        assert_eq!(moved.rows(10), [(Way::Out, 10)]);
        moved.leave(10);
        moved.leave(10);
        moved.come_back(4);
        moved.come_back(100);
        moved.leave(10);
        let all = [(Way::Out, 10), (Way::In, 4), (Way::In, 6), (Way::Out, 10)];
        assert_eq!(moved.rows(10), all);
        assert_eq!(moved.outside(), 10);
    }
}
