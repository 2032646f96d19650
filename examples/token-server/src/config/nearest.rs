//! The known name that was probably meant.

/// The nearest of `known`, when it is near enough to be a slip of the finger.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `unknown key "clinets", did you mean "clients"?`, or the whole list when nothing is near.
pub(crate) fn unknown_key<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("unknown key {word:?}, did you mean {meant:?}?"),
        None => format!("unknown key {word:?}, expected one of {}", known.join(", ")),
    }
}

/// The unknown key and the known ones of an error that serde's derived `deny_unknown_fields` made.
pub(crate) fn unknown_key_of_serde(message: &str) -> Option<String> {
    let after = message.split_once("unknown field `")?.1;
    let (word, list) = after.split_once('`')?;
    // The names stand between backticks, so every second piece is one.
    Some(unknown_key(word, list.split('`').skip(1).step_by(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Two {
        client_id: String,
        client_secret: String,
    }

    #[test]
    fn a_slip_is_recognised() {
        assert_eq!(nearest("client_secert", ["client_id", "client_secret"]), Some("client_secret"));
        assert_eq!(nearest("colour", ["client_id", "client_secret"]), None);
    }

    #[test]
    fn the_message_of_serde_is_understood() {
        let error = serde_json::from_str::<Two>(r#"{"client_secert":""}"#).err().unwrap().to_string();
        let explained = unknown_key_of_serde(&error).unwrap();
        assert_eq!(explained, r#"unknown key "client_secert", did you mean "client_secret"?"#);
    }
}
