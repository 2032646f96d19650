use std::path::Path;

use crate::config::Config;
use crate::registration_rules::RegistrationRules;

fn parse(sections: &str) -> Result<Config, String> {
    let text = format!("clients = \"c\"\n{sections}");
    Config::parse(Path::new("as.toml"), &text).map_err(|problem| problem.to_string())
}

#[track_caller]
fn is_refused(sections: &str, line: usize, problem: &str) {
    assert_eq!(parse(sections).unwrap_err(), format!("as.toml:{line}: {problem}"), "{sections}");
}

fn registration(setting: &str) -> RegistrationRules {
    parse(&format!("[registration]\n{setting}")).unwrap().registration
}

#[test]
fn limits_are_whole_numbers_that_leave_room() {
    let wrong = ["-1", "-9223372036854775808", "1.5", "inf", "\"60\"", "true", "[60]", "{}"];
    for (key, from, sample) in [("per_source_per_hour", 1, 60), ("max_clients", 0, 10_000)] {
        let problem = format!("{key} is not a number of clients from {from} on, such as {sample}");
        for value in wrong {
            is_refused(&format!("[registration]\n{key} = {value}"), 3, &problem);
        }
    }
    let problem = "per_source_per_hour is not a number of clients from 1 on, such as 60";
    is_refused("[registration]\nper_source_per_hour = 0", 3, problem);
}

#[test]
fn limits_may_be_as_large_as_they_like() {
    for (value, hourly) in [(1, 1), (i64::from(u32::MAX), u32::MAX), (i64::MAX, u32::MAX)] {
        assert_eq!(registration(&format!("per_source_per_hour = {value}")).hourly, hourly);
    }
    for (value, most) in [(0, 0), (1, 1), (i64::MAX, usize::try_from(i64::MAX).unwrap_or(usize::MAX))] {
        assert_eq!(registration(&format!("max_clients = {value}")).most_clients, most);
    }
}

#[test]
fn who_needs_a_token_is_said_in_one_of_two_words() {
    let problem = "initial_access_token is neither \"required\" nor \"none\"";
    for value in ["\"Required\"", "\"yes\"", "\"\"", "\"required \"", "true", "1", "[\"required\"]", "{}"] {
        is_refused(&format!("[admin]\n[registration]\ninitial_access_token = {value}"), 4, problem);
    }
    let nobody = "initial_access_token = \"required\" needs [admin], which hands these tokens out";
    is_refused("[registration]\ninitial_access_token = \"required\"", 3, nobody);
    let rules = parse("[registration]\ninitial_access_token = \"required\"\n[admin]").unwrap().registration;
    assert!(rules.needs_token);
    assert!(!registration("initial_access_token = \"none\"").needs_token);
}

#[test]
fn scopes_stand_one_each() {
    let problem = r#"scopes is not an array of scopes, one each, such as ["openid", "profile"]"#;
    for value in [
        r#""openid""#,
        r#""openid profile""#,
        r#"["openid profile"]"#,
        r#"["openid", ""]"#,
        r#"[" openid"]"#,
        r#"["a\tb"]"#,
        r#"["a\u0000"]"#,
        r#"["a\u007f"]"#,
        r#"["\"openid\""]"#,
        r#"["a\\b"]"#,
        r#"["été"]"#,
        r#"["openid", 1]"#,
        r#"[["openid"]]"#,
        "true",
        "{}",
    ] {
        is_refused(&format!("[registration]\nscopes = {value}"), 3, problem);
    }
    assert_eq!(registration("scopes = []").scopes, Vec::<String>::new());
    let scopes = registration(r#"scopes = ["openid", "https://api.example/read#1", "!~"]"#).scopes;
    assert_eq!(scopes, ["openid", "https://api.example/read#1", "!~"]);
}

#[test]
fn hosts_are_names_that_can_be_asked_for() {
    let problem = r#"hosts is not an array of names, without scheme and port, such as ["ops.example"]"#;
    for value in [
        r#""ops.example""#,
        r#"["ops.example:8081"]"#,
        r#"["https://ops.example"]"#,
        r#"["ops.example/"]"#,
        r#"["*"]"#,
        r#"["*.example"]"#,
        r#"[""]"#,
        r#"["ops.example", " "]"#,
        r#"["ops.example "]"#,
        r#"["[::1]"]"#,
        r#"["öps.example"]"#,
        r#"[1]"#,
        r#"[["ops.example"]]"#,
        "true",
    ] {
        is_refused(&format!("[admin]\nhosts = {value}"), 3, problem);
    }
    let admin = parse(
        r#"[admin]
hosts = ["ops.example", "Ops-2", "ops_3.example."]"#,
    );
    let hosts = admin.unwrap().admin.unwrap().hosts;
    assert_eq!(hosts, ["ops.example", "Ops-2", "ops_3.example."]);
}
