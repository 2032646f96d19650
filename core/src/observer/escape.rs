//! Text of the caller, made harmless for a terminal and a log.

use std::borrow::Cow;
use std::fmt;

/// Writes a text in printable ASCII: everything else, and `\` and `"`, as in a Rust string, and cut after
/// [`MOST_OCTETS`]. So neither a line break, nor a terminal's escape code, nor a look-alike letter gets into a log.
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = MOST_OCTETS;
        for character in self.0.chars() {
            let escaped = character.escape_default();
            let plain = is_plain(character);
            let Some(left) = room.checked_sub(if plain { 1 } else { escaped.len() }) else {
                return f.write_str("…");
            };
            room = left;
            match plain {
                true => write!(f, "{character}")?,
                false => write!(f, "{escaped}")?,
            }
        }
        Ok(())
    }
}

/// The same as a text, which costs no memory where there is nothing to escape.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.len() <= MOST_OCTETS && text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(Escaped(text).to_string())
    }
}

fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~') && !matches!(character, '"' | '\\')
}

const MOST_OCTETS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_caller_cannot_forge_a_line() {
        let hostile = "x\"\r\nauthenticated \u{1b}[31m\u{2028}\u{202e}\u{9b}\u{7f}é\\";
        let line = escaped(hostile);
        assert_eq!(line, r#"x\"\r\nauthenticated \u{1b}[31m\u{2028}\u{202e}\u{9b}\u{7f}\u{e9}\\"#);
        assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{line}");
    }

    #[test]
    fn a_usual_text_stays_as_it_is() {
        for usual in ["", "billing", "it's a key: 1", "https://as.example.com/token"] {
            assert!(matches!(escaped(usual), Cow::Borrowed(same) if same == usual));
            assert_eq!(Escaped(usual).to_string(), usual);
        }
    }

    #[test]
    fn a_long_text_is_cut_where_no_escape_is() {
        assert_eq!(escaped(&"a".repeat(256)), "a".repeat(256));
        assert_eq!(escaped(&"a".repeat(10_000)), format!("{}…", "a".repeat(256)));
        assert_eq!(escaped(&"\u{202e}".repeat(10_000)), format!("{}…", r"\u{202e}".repeat(32)));
        assert_eq!(escaped(&format!("{}\n", "a".repeat(255))), format!("{}…", "a".repeat(255)));
    }
}
