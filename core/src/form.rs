//! The form body, read once and strictly ([RFC 6749 Appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B)).
//!
//! Common form readers repair what they cannot decode and keep one of two equal names, so that two readers of
//! one body can see different clients. This one refuses instead, and the handler gets what it read.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::reason::Reason;
use crate::refusal::Failure;

/// A form as it was sent: names and values in order, each name once.
///
/// A parameter with an empty value counts as absent (RFC 6749 §3.2) and is not shown.
#[derive(Clone, Default)]
pub struct Form {
    body: Bytes,
    pairs: Vec<Pair>,
}

impl Form {
    /// Reads a form of at most [`MAX_PARAMETERS`] parameters.
    ///
    /// # Errors
    /// [`Reason::MalformedForm`] for a broken percent escape or text that is not UTF-8,
    /// [`Reason::DuplicateParameter`] for a name that comes twice, however it is encoded (`resource` and
    /// `audience` may repeat: RFC 8707 §2, RFC 8693 §2.1), [`Reason::TooLarge`] for too many parameters.
    pub fn parse(body: Bytes) -> Result<Self, Failure> {
        std::str::from_utf8(&body)
            .map_err(|_| Failure::new(Reason::MalformedForm).expected("UTF-8").got("other bytes"))?;
        let mut pairs: Vec<Pair> =
            Vec::with_capacity((memchr::memchr_iter(b'&', &body).count() + 1).min(MAX_PARAMETERS));
        let mut start = 0;
        while let Some(rest) = body.get(start..).filter(|rest| !rest.is_empty()) {
            let end = start + memchr::memchr(b'&', rest).unwrap_or(rest.len());
            if end > start {
                if pairs.len() == MAX_PARAMETERS {
                    return Err(Failure::new(Reason::TooLarge)
                        .expected("at most 128 parameters")
                        .got("more parameters"));
                }
                let pair = Pair::read(&body, start..end)?;
                refuse_duplicate(&body, &pairs, &pair)?;
                pairs.push(pair);
            }
            start = end + 1;
        }
        Ok(Form { body, pairs })
    }

    /// The decoded value of the parameter, `None` when it is absent or empty. For a name that may repeat, the
    /// first.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get_all(name).next()
    }

    /// Every non-empty value of the parameter, in order.
    pub fn get_all<'f>(&'f self, name: &str) -> impl Iterator<Item = Cow<'f, str>> {
        self.pairs
            .iter()
            .filter(move |pair| !pair.value.is_empty() && pair.name.is(name, &self.body))
            .map(|pair| self.text(&pair.value))
    }

    /// Is this the (first) value of the parameter? Costs no memory, however the value is encoded.
    pub(crate) fn is(&self, name: &str, expected: &str) -> bool {
        self.pairs
            .iter()
            .find(|pair| !pair.value.is_empty() && pair.name.is(name, &self.body))
            .is_some_and(|pair| pair.value.is(expected, &self.body))
    }

    /// Does the parameter have a value?
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.pairs.iter().any(|pair| !pair.value.is_empty() && pair.name.is(name, &self.body))
    }

    /// Every parameter with a value, in order, decoded.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.pairs
            .iter()
            .filter(|pair| !pair.value.is_empty())
            .map(|pair| (self.text(&pair.name), self.text(&pair.value)))
    }

    /// The form without the parameters of these names.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        let (body, pairs) = (&self.body, &mut self.pairs);
        pairs.retain(|pair| !names.iter().any(|name| pair.name.is(name, body)));
        self
    }

    fn text(&self, part: &Part) -> Cow<'_, str> {
        part.text(&self.body)
    }
}

/// Shows the names, never a value.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Most parameters of one form.
pub const MAX_PARAMETERS: usize = 128;

/// Parameters that their own specifications allow more than once.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

#[derive(Clone)]
struct Pair {
    name: Part,
    value: Part,
}

impl Pair {
    fn read(body: &[u8], range: Range<usize>) -> Result<Self, Failure> {
        let piece = body.get(range.clone()).unwrap_or_default();
        let equals = range.start + piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
        let value_start = (equals + 1).min(range.end);
        Ok(Pair {
            name: Part::read(body, range.start..equals)?,
            value: Part::read(body, value_start..range.end)?,
        })
    }
}

/// A name or a value: where it stands in the body, and whether it must be decoded to be read.
#[derive(Clone)]
struct Part {
    start: u32,
    end: u32,
    encoded: bool,
}

impl Part {
    fn read(body: &[u8], range: Range<usize>) -> Result<Self, Failure> {
        let raw = body.get(range.clone()).unwrap_or_default();
        let encoded = memchr::memchr2(b'%', b'+', raw).is_some();
        if encoded && !is_decodable(raw) {
            return Err(Failure::new(Reason::MalformedForm)
                .expected("percent escapes that decode to UTF-8")
                .got("a broken escape"));
        }
        let bound = |offset: usize| {
            u32::try_from(offset).map_err(|_| {
                Failure::new(Reason::TooLarge).expected("a body below 4 GiB").got("a larger body")
            })
        };
        Ok(Part { start: bound(range.start)?, end: bound(range.end)?, encoded })
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn text<'b>(&self, body: &'b [u8]) -> Cow<'b, str> {
        let raw = self.raw(body);
        if self.encoded {
            Cow::Owned(decode_octets(raw).unwrap_or_default())
        } else {
            // The whole body was seen to be UTF-8, and a part begins and ends at an ASCII separator.
            Cow::Borrowed(std::str::from_utf8(raw).unwrap_or_default())
        }
    }

    /// Does the part decode to this text? Costs no memory.
    fn is(&self, text: &str, body: &[u8]) -> bool {
        let raw = self.raw(body);
        if self.encoded { octets_of(raw).eq(text.bytes().map(Some)) } else { raw == text.as_bytes() }
    }

    fn raw<'b>(&self, body: &'b [u8]) -> &'b [u8] {
        body.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

fn refuse_duplicate(body: &[u8], pairs: &[Pair], new: &Pair) -> Result<(), Failure> {
    let name = new.name.text(body);
    let is_known = pairs.iter().any(|pair| pair.name.is(&name, body));
    if is_known && !REPEATABLE.contains(&&*name) {
        // A body that is no form at all may have anything for a name; only what looks like one is repeated.
        let is_a_name =
            name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let got = if is_a_name { format!("{name} twice") } else { "a parameter twice".to_owned() };
        return Err(Failure::new(Reason::DuplicateParameter).expected("each parameter once").got(got));
    }
    Ok(())
}

/// Decodes form-encoded text: `+` is a space, `%XX` an octet. `None` for a broken escape or octets that are not
/// UTF-8.
pub(crate) fn decode(raw: &str) -> Option<String> {
    decode_octets(raw.as_bytes())
}

fn decode_octets(raw: &[u8]) -> Option<String> {
    let mut octets = Vec::with_capacity(raw.len());
    for octet in octets_of(raw) {
        octets.push(octet?);
    }
    String::from_utf8(octets).ok()
}

/// Would [`decode`] succeed? Costs no memory for text that decodes to ASCII.
fn is_decodable(raw: &[u8]) -> bool {
    let mut ascii = true;
    octets_of(raw).all(|octet| octet.inspect(|octet| ascii &= octet.is_ascii()).is_some())
        && (ascii || decode_octets(raw).is_some())
}

/// The octets that form-encoded text stands for; `None` in place of a broken escape.
fn octets_of(raw: &[u8]) -> impl Iterator<Item = Option<u8>> {
    let mut bytes = raw.iter().copied();
    std::iter::from_fn(move || {
        Some(match bytes.next()? {
            b'+' => Some(b' '),
            b'%' => escape(bytes.next(), bytes.next()),
            other => Some(other),
        })
    })
}

/// The octet of `%XX`, by its two digits.
pub(crate) fn escape(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    Some(hex_digit(high?)? << 4 | hex_digit(low?)?)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Form, Reason> {
        Form::parse(Bytes::copy_from_slice(body.as_bytes())).map_err(|failure| failure.reason())
    }

    #[test]
    fn the_vector_of_appendix_b() {
        let form = parse("v=+%25%26%2B%C2%A3%E2%82%AC").unwrap();
        assert_eq!(form.get("v").unwrap(), " %&+£€");
    }

    #[test]
    fn empty_values_are_absent_and_empty_pairs_are_skipped() {
        let form = parse("&&a=&b=1&&c").unwrap();
        assert_eq!(form.get("a"), None);
        assert_eq!(form.get("c"), None);
        assert_eq!(form.get("b").unwrap(), "1");
    }

    #[test]
    fn names_are_compared_decoded() {
        assert_eq!(parse("client_id=a&client%5Fid=b").unwrap_err(), Reason::DuplicateParameter);
        assert_eq!(parse("a=&a=1").unwrap_err(), Reason::DuplicateParameter);
        assert_eq!(parse("resource=a&resource=b").unwrap().get_all("resource").count(), 2);
    }

    #[test]
    fn broken_escapes_are_refused_not_repaired() {
        for body in ["a=%", "a=%2", "a=%zz", "a=%FF", "%=1", "a=%C3"] {
            assert_eq!(parse(body).unwrap_err(), Reason::MalformedForm, "{body}");
        }
    }

    #[test]
    fn values_never_show_in_debug() {
        assert_eq!(format!("{:?}", parse("client_secret=hunter2").unwrap()), r#"{"client_secret"}"#);
    }
}
