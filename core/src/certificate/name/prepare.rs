//! Text made ready to be compared ([RFC 4518 §2](https://www.rfc-editor.org/rfc/rfc4518#section-2)).

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The text that caseIgnoreMatch compares: NFKC, case folded, spaces trimmed and each run of them one.
///
/// RFC 4518 §2.6.1 says the same with more spaces, and lets no text be empty that has some; an attribute that is
/// nothing but spaces is refused here by [`is_seen`].
pub(super) fn prepare(text: &str) -> Box<str> {
    // Folding a compatibility character needs its plain form first, and may leave another to compose.
    let folded = text.nfkc().flat_map(fold).nfkc();
    let mut prepared = String::with_capacity(text.len());
    let mut space_before = false;
    let mut characters = folded.peekable();
    while let Some(character) = characters.next() {
        // A space under a combining mark is a character of its own.
        let is_space = character == ' ' && !characters.peek().is_some_and(|next| is_combining_mark(*next));
        if is_space {
            space_before = true;
            continue;
        }
        if space_before && !prepared.is_empty() {
            prepared.push(' ');
        }
        space_before = false;
        prepared.push(character);
    }
    prepared.into()
}

/// Is there something in the text, and is all of it seen by who reads it?
///
/// Not when a character is one that RFC 4518 prohibits (§2.4: private use, no character, no meaning) or leaves out of
/// the comparison (§2.2: controls, joiners, marks of direction, variation selectors). A name that differs from another
/// in nothing one sees has no good use in a registration.
pub(super) fn is_seen(text: &str) -> bool {
    let starts_with_a_mark = text.nfkc().next().is_some_and(is_combining_mark);
    text.chars().any(|character| !character.is_whitespace())
        && !starts_with_a_mark
        && !text.chars().any(is_hidden)
}

/// The case folding of RFC 3454 B.2 around NFKC, and that of letters that came to Unicode later. What folds alike there
/// does so here, but for Greek letters with a subscript iota, which keep it.
fn fold(character: char) -> impl Iterator<Item = char> {
    let (plain, twice) = match character {
        ' ' | '\u{1680}' => (' ', None),
        'ß' | 'ẞ' => ('s', Some('s')),
        'ς' => ('σ', None),
        other => (other, None),
    };
    plain.to_lowercase().chain(twice)
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || u32::from(character) & 0xfffe == 0xfffe
        || matches!(
            character,
            // Default_Ignorable_Code_Point of the Unicode Character Database.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
            // Soft hyphens, ends of lines, annotations, replacements and what stands for nothing.
                | '\u{6dd}' | '\u{70f}' | '\u{1806}' | '\u{2028}'..='\u{2029}' | '\u{fff9}'..='\u{fffd}'
                | '\u{fdd0}'..='\u{fdef}'
            // Private use.
                | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
        )
}
