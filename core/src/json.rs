//! JSON read strictly: no member twice, at any depth.
//!
//! [RFC 7515 §4](https://www.rfc-editor.org/rfc/rfc7515#section-4) and RFC 7519 §4 want unique member names. A
//! reader that keeps one of two can be made to disagree with the one next to it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value of any kind, read only to see that it is well-formed and names no member twice. What it was is
/// kept as a word for messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ignored {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Ignored {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Ignored::Null => "null",
            Ignored::Bool => "a boolean",
            Ignored::Number => "a number",
            Ignored::String => "a string",
            Ignored::Array => "an array",
            Ignored::Object => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IgnoredVisitor)
    }
}

struct IgnoredVisitor;

impl<'de> Visitor<'de> for IgnoredVisitor {
    type Value = Ignored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Ignored, E> {
        Ok(Ignored::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Ignored, E> {
        Ok(Ignored::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Ignored, E> {
        Ok(Ignored::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Ignored, E> {
        Ok(Ignored::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Ignored, E> {
        Ok(Ignored::Number)
    }

    fn visit_str<E>(self, _: &str) -> Result<Ignored, E> {
        Ok(Ignored::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Ignored, A::Error> {
        while elements.next_element::<Ignored>()?.is_some() {}
        Ok(Ignored::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Ignored, A::Error> {
        let mut names = Names::default();
        while let Some(name) = members.next_key::<Text<'de>>()? {
            names.insert(name.0)?;
            members.next_value::<Ignored>()?;
        }
        Ok(Ignored::Object)
    }
}

/// A string, borrowed from the input unless it holds an escape.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// The member names of one object so far. The usual handful costs no memory; more are hashed, under a key of
/// their own, so that a hostile object cannot make the check slow.
#[derive(Default)]
pub(crate) struct Names<'de> {
    few: [Option<Cow<'de, str>>; 12],
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    /// # Errors
    /// When the name was there already.
    pub(crate) fn insert<E: de::Error>(&mut self, name: Cow<'de, str>) -> Result<(), E> {
        for slot in &mut self.few {
            match slot {
                Some(known) if *known == name => return Err(E::custom("a member stands twice")),
                Some(_) => {}
                None => {
                    *slot = Some(name);
                    return Ok(());
                }
            }
        }
        if self.many.insert(name) { Ok(()) } else { Err(E::custom("a member stands twice")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_unique_at_any_depth() {
        for (json, fine) in [
            (r#"{"a":1,"b":{"a":2}}"#, true),
            (r#"{"a":1,"a":1}"#, false),
            (r#"{"a":[{"b":{"c":1,"c":2}}]}"#, false),
            (r#"{"sub":1,"\u0073ub":2}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<Ignored>(json).is_ok(), fine, "{json}");
        }
        let many: Vec<String> = (0..100).map(|number| format!("\"m{number}\":0")).collect();
        assert!(serde_json::from_str::<Ignored>(&format!("{{{}}}", many.join(","))).is_ok());
        assert!(serde_json::from_str::<Ignored>(&format!("{{{},\"m99\":1}}", many.join(","))).is_err());
    }
}
