//! Which methods a server runs.

use crate::auth_method::AuthMethod;
use crate::config_error::ConfigError;
use crate::decision::RegisteredMethod;
use crate::method::Method;
use crate::policy::Policy;

/// What the methods need, and whether it is there.
pub(crate) struct Ports {
    pub(crate) replay: bool,
    pub(crate) mutual_tls: bool,
    pub(crate) anchors: bool,
}

/// The methods that run: those the policy names, or all for which every port is there.
pub(crate) fn enabled_methods(
    policy: &Policy,
    own: Vec<Box<dyn Method>>,
    ports: &Ports,
) -> Result<Vec<RegisteredMethod>, ConfigError> {
    let mut methods: Vec<RegisteredMethod> = Vec::new();
    for method in own.into_iter().chain(super::known()) {
        let name = method.name();
        if methods.iter().any(|(known, _)| *known == name) {
            return Err(ConfigError::new(
                "methods",
                format!("two methods are named {name}"),
                "give a method from outside the crate a name of its own",
            ));
        }
        let chosen = policy.methods.as_ref().map(|chosen| chosen.contains(&name));
        let has_algorithm =
            policy.algorithms.iter().any(|algorithm| AuthMethod::signing_with(*algorithm) == name);
        let runs = match name.as_str() {
            "private_key_jwt" | "client_secret_jwt" if chosen == Some(true) && !ports.replay => {
                return Err(ConfigError::new(
                    "replay",
                    format!("{name} is enabled and there is no memory of used assertions"),
                    "call .replay(MemoryReplayStore::new()) on the builder, or a shared store when there are several processes",
                ));
            }
            "private_key_jwt" | "client_secret_jwt" if chosen == Some(true) && !has_algorithm => {
                return Err(ConfigError::new(
                    "algorithms",
                    format!("{name} is enabled and the policy has no algorithm for it"),
                    format!("name one in the policy's algorithms, or leave {name} out of the methods"),
                ));
            }
            "private_key_jwt" | "client_secret_jwt" => chosen.unwrap_or(ports.replay) && has_algorithm,
            // A preset names them for servers of every kind: where no certificate can come, nothing is lost.
            "tls_client_auth" => chosen.unwrap_or(ports.anchors) && ports.mutual_tls,
            "self_signed_tls_client_auth" => chosen.unwrap_or(true) && ports.mutual_tls,
            _ => chosen.unwrap_or(true),
        };
        if runs {
            methods.push((name, method));
        }
    }
    if methods.is_empty() {
        return Err(ConfigError::new(
            "methods",
            "no method is enabled",
            "name at least one that this build knows; those of mutual TLS need .mutual_tls(…) on the builder",
        ));
    }
    Ok(methods)
}
