//! Elements of `name=value` pairs: the shape that Envoy's `x-forwarded-client-cert` shares with `Forwarded`
//! ([RFC 7239 §4](https://www.rfc-editor.org/rfc/rfc7239#section-4)).

/// The pairs of one element, in order. A value in quotes comes without them, its backslashes as they were.
pub(super) type Element<'v> = Vec<(&'v str, &'v str)>;

/// The elements of a value: pairs with semicolons between, and commas between the elements.
///
/// Strict about quotes, for clients have a part in what stands between them: a quoted value ends where a pair ends, and
/// one that does not begin with a quote has none. `None` for anything else.
pub(super) fn elements(value: &str) -> Option<Vec<Element<'_>>> {
    let (mut elements, mut element) = (Vec::new(), Element::new());
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches(BLANKS);
        let mut after = rest;
        if !rest.is_empty() && !rest.starts_with([';', ',']) {
            let (name, value) = rest.split_once('=').filter(|(name, _)| is_name(name))?;
            let (value, behind) = match value.strip_prefix('"') {
                Some(quoted) => until_quote(quoted)?,
                None => bare(value)?,
            };
            element.push((name, value));
            after = behind.trim_start_matches(BLANKS);
        }
        let mut characters = after.chars();
        match characters.next() {
            None => break,
            Some(';') => {}
            Some(',') => elements.push(std::mem::take(&mut element)),
            Some(_) => return None,
        }
        rest = characters.as_str();
    }
    elements.push(element);
    Some(elements)
}

/// A quoted value and what follows its closing quote. A backslash takes the character behind it along.
fn until_quote(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|octet| {
        let ends = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        ends
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn bare(text: &str) -> Option<(&str, &str)> {
    let (value, behind) = text.split_at_checked(text.find([';', ',']).unwrap_or(text.len()))?;
    (!value.contains('"')).then_some((value.trim_end_matches(BLANKS), behind))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

const BLANKS: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_elements() {
        assert_eq!(
            elements(r#"By=http://a;Subject="/C=US/CN=x, y; z";URI=a=b, Hash=1;;x="""#).unwrap(),
            [
                vec![("By", "http://a"), ("Subject", "/C=US/CN=x, y; z"), ("URI", "a=b")],
                vec![("Hash", "1"), ("x", "")]
            ]
        );
        assert_eq!(elements(", for=a ;\tby=b ,").unwrap(), [vec![], vec![("for", "a"), ("by", "b")], vec![]]);
        assert_eq!(elements("").unwrap(), [vec![]]);
    }

    #[test]
    fn an_escaped_quote_ends_nothing() {
        assert_eq!(
            elements(r#"Subject="CN=a\",b=\\";c=d"#).unwrap(),
            [vec![("Subject", r#"CN=a\",b=\\"#), ("c", "d")]]
        );
    }

    #[test]
    fn quotes_elsewhere_are_not_repaired() {
        for hostile in [
            r#"a="b"#,
            r#"a=b""#,
            r#"a="b"c"#,
            r#"a="b"c;d=e"#,
            r#"a="b\""#,
            r#"a=x";Cert="y""#,
            r#"a="\\"b";c=d"#,
            r#"a=b"c"d"#,
            r#""a"=b"#,
            "a",
            "a;b=c",
            "=b",
            "a b=c",
            "a=b;None;i=j",
        ] {
            assert_eq!(elements(hostile), None, "{hostile}");
        }
    }
}
