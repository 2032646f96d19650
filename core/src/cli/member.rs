//! `name=value` on the command line.

use serde_json::Value;

/// A name and its JSON value. What does not look like JSON is a string, so that `aud=https://as.example.com` needs no
/// quotes inside quotes.
pub(super) fn json(text: &str) -> Result<(String, Value), String> {
    let (name, value) = pair(text)?;
    let looks_like_json = value
        .starts_with(['{', '[', '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        || matches!(value.as_str(), "true" | "false" | "null");
    if !looks_like_json {
        return Ok((name, Value::String(value)));
    }
    let value = serde_json::from_str(&value).map_err(|error| {
        format!("is not JSON ({error}); a string that begins like this needs quotes: {name}='\"…\"'")
    })?;
    Ok((name, value))
}

/// A name and its value.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected name=value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn json_where_it_looks_like_it_and_text_elsewhere() {
        for (text, value) in [
            ("a=https://as.example.com", json!("https://as.example.com")),
            ("a=[\"b\",1]", json!(["b", 1])),
            ("a=-1.5", json!(-1.5)),
            ("a=null", json!(null)),
            ("a=\"1\"", json!("1")),
            ("a=b=c", json!("b=c")),
            ("a=", json!("")),
        ] {
            assert_eq!(super::json(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(super::json("a=[1").is_err() && super::json("=1").is_err() && super::json("a").is_err());
    }
}
