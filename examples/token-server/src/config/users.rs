//! `users.json`.

use std::path::Path;

use super::json_array::entries;
use super::problem::Problem;
use crate::server::{User, UserEntry, Users};

pub(crate) fn read(file: &Path) -> Result<Users, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| Problem::in_file(file, error))?;
    parse(file, &text)
}

fn parse(file: &Path, text: &str) -> Result<Users, Problem> {
    let mut users: Vec<User> = Vec::new();
    for entry in entries(file, text, "user", "username")? {
        let user = User::try_from(entry.parse::<UserEntry>()?)
            .map_err(|message| entry.problem("password_hash", message))?;
        if users.iter().any(|other| other.username == user.username) {
            return Err(entry.problem("username", "there is another user of this name"));
        }
        users.push(user);
    }
    Ok(Users::new(users))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_named_with_its_user_and_line() {
        let text =
            "[\n{\"username\": \"a\", \"password\": \"p\"},\n{\"username\": \"b\",\n \"pasword\": \"p\"}]";
        let problem = parse(Path::new("users.json"), text).err().unwrap().to_string();
        assert_eq!(problem, r#"users.json:4: user "b": unknown key "pasword", did you mean "password"?"#);
        let twice = r#"[{"username":"a","password":"p"},{"username":"a","password":"q"}]"#;
        assert!(parse(Path::new("users.json"), twice).is_err());
    }
}
