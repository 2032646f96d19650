//! What a terminal may be shown.

use std::fmt;
use std::io::IsTerminal as _;

/// Colours, where they help: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
#[derive(Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    pub(super) fn for_standard_output() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Paint(std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb)
    }

    pub(super) fn green(self, text: impl fmt::Display) -> String {
        self.with("32", text)
    }

    pub(super) fn red(self, text: impl fmt::Display) -> String {
        self.with("31", text)
    }

    pub(super) fn yellow(self, text: impl fmt::Display) -> String {
        self.with("33", text)
    }

    pub(super) fn dim(self, text: impl fmt::Display) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: impl fmt::Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    #[cfg(test)]
    pub(super) fn never() -> Self {
        Paint(false)
    }
}

/// Text from outside on one line, with what could move a cursor or change a colour escaped.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmless(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    shown
}

/// Neither a control character nor one that turns the writing direction or breaks the line.
fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\r\n\u{202e}é"), "a\\u{1b}[31mb\\r\\n\\u{202e}é");
        assert_eq!(Paint::never().red("x"), "x");
    }
}
