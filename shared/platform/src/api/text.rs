//! What a text of a client may be made of: something to see, and nothing that acts on what is around it.

/// Whether a reader would see anything of the text. Blanks and characters without a shape of their own,
/// as zero-width spaces, are nothing to see.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|it| !it.is_whitespace() && !it.is_control() && !has_no_shape(it))
}

/// Whether the text holds a character that acts instead of being read: controls, line and paragraph
/// separators, what turns the direction of the text, interlinear marks, and code points that are no
/// characters. A name that shows as another one would pass for it in a list of payouts.
pub(crate) fn has_control(text: &str) -> bool {
    text.chars().any(|it| it.is_control() || acts(it))
}

const fn acts(it: char) -> bool {
    matches!(
        it,
        '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}'
    )
}

/// The characters Unicode lets a display ignore, and the blank of Braille.
const fn has_no_shape(it: char) -> bool {
    matches!(
        it,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_blanks_and_shapeless_characters_is_not_visible() {
        for text in [
            "",
            " ",
            "\u{3000}",
            "\u{200b}",
            "\u{feff}\u{ad} ",
            "\u{3164}",
            "\u{e0041}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
    }

    #[test]
    fn names_of_the_world_are_visible_and_do_not_act() {
        for text in [
            "Ana",
            "Łukasz",
            "王小明",
            "עדי",
            "علي",
            "नेहा",
            "می\u{200c}خواهم",
            "👩\u{200d}🔧",
            "❤\u{fe0f}",
            "e\u{301}",
        ] {
            assert!(is_visible(text) && !has_control(text), "{text:?}");
        }
    }

    #[test]
    fn what_acts_on_the_text_around_it_is_found() {
        for text in [
            "a\u{0}",
            "a\n",
            "a\u{85}",
            "a\u{2028}b",
            "a\u{202e}b",
            "a\u{2069}",
            "\u{fffe}",
            "\u{ffff}",
            "\u{fff9}",
        ] {
            assert!(has_control(text), "{text:?}");
        }
    }
}
