//! A server that is made anew now and then, so that nothing it remembers fills up.

use std::cell::RefCell;
use std::rc::Rc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign::registration::{Answer, Registration};
use countersign::replay::MemoryReplayStore;
use countersign::secret::ClientSecret;
use countersign::store::{Clients, MemoryRegistry};
use countersign::{AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Refusal};

use crate::{Operator, StandingClock};

/// The issuer identifier of each server here.
pub const ISSUER: &str = "https://as.example.com";

/// The URL of its token endpoint.
pub const TOKEN: &str = "https://as.example.com/token";

/// The second at which its clock stands.
pub const NOW: f64 = 1_800_000_000.0;

/// The secret of the client `hs256`.
pub(crate) const SECRET: &str = "a secret of more than thirty-two octets";

/// A server whose one client, `hs256`, signs with its secret.
pub struct Server(Authenticator);

impl Server {
    /// The same one for some thousand inputs.
    pub fn shared() -> Rc<Server> {
        const INPUTS: u32 = 20_000;
        thread_local!(static SERVER: Shared<Server> = RefCell::new((0, Rc::new(Server::new()))));
        SERVER.with_borrow_mut(|shared| used(shared, INPUTS, Server::new))
    }

    fn new() -> Self {
        let client = Client::new("hs256")
            .with_method(AuthMethod::CLIENT_SECRET_JWT)
            .with_secret(ClientSecret::raw(SECRET));
        Server(
            builder()
                .clients(Clients::new([client]).expect("one client"))
                .build()
                .expect("a complete server"),
        )
    }

    /// Sends an assertion to the token endpoint.
    ///
    /// # Panics
    /// When the answer is a server's fault.
    pub fn send_assertion(&self, assertion: &str) -> Result<AuthenticatedClient, Refusal> {
        let answer = post(&self.0, None, assertion_form(assertion));
        if let Err(refusal) = &answer {
            assert!(matches!(refusal.status(), 400 | 401 | 413), "{refusal:?}");
        }
        answer
    }
}

/// A server at which clients register.
pub struct RegisteringServer {
    auth: Authenticator,
    registration: Registration,
}

impl RegisteringServer {
    /// The same one for some thousand inputs.
    pub fn shared() -> Rc<Self> {
        const INPUTS: u32 = 5_000;
        thread_local!(static SERVER: Shared<RegisteringServer> = RefCell::new((0, Rc::new(RegisteringServer::new()))));
        SERVER.with_borrow_mut(|shared| used(shared, INPUTS, RegisteringServer::new))
    }

    fn new() -> Self {
        let registry = MemoryRegistry::default();
        let auth = builder().clients(registry.clone()).build().expect("a complete server");
        let registration = Registration::new(auth.clone(), registry, "https://as.example.com/register");
        RegisteringServer { auth, registration: registration.expect("a URL").open_to_anybody() }
    }

    /// Registers a client.
    pub fn register(&self, body: &[u8]) -> Answer {
        let headers: &[(&str, &str)] = &[("content-type", "application/json")];
        futures_executor::block_on(self.registration.register(&headers, body, None))
    }

    /// Does this secret prove the client, by the method it registered?
    ///
    /// # Panics
    /// When that method sends none.
    pub fn authenticates(&self, method: &str, client_id: &str, secret: &str) -> bool {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (authorization, form) = match method {
            "client_secret_basic" => {
                let pair = format!("{}:{}", encoded(client_id), encoded(secret));
                (
                    Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))),
                    String::new(),
                )
            }
            "client_secret_post" => {
                (None, format!("client_id={}&client_secret={}", encoded(client_id), encoded(secret)))
            }
            other => panic!("{other} sends no secret"),
        };
        let authorization = authorization.as_deref().map(str::as_bytes);
        post(&self.auth, authorization, form.into_bytes()).is_ok_and(|client| client.client_id() == client_id)
    }
}

/// A server, and how often it was used.
type Shared<S> = RefCell<(u32, Rc<S>)>;

/// Uses it once more; a new one when it was used so often.
fn used<S>((uses, server): &mut (u32, Rc<S>), most: u32, new: fn() -> S) -> Rc<S> {
    *uses += 1;
    if *uses > most {
        (*uses, *server) = (0, Rc::new(new()));
    }
    Rc::clone(server)
}

/// The form that carries an assertion.
pub(crate) fn assertion_form(assertion: &str) -> Vec<u8> {
    let mut body =
        "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion="
            .to_owned();
    body.extend(form_urlencoded::byte_serialize(assertion.as_bytes()));
    body.into_bytes()
}

/// An assertion with this header and these claims, whatever they are, signed with [`SECRET`].
pub fn hs256(header: &[u8], claims: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes())))
}

fn builder() -> countersign::AuthenticatorBuilder {
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, TOKEN)
        .replay(MemoryReplayStore::with_clock(StandingClock))
        .clock(StandingClock)
        .observer(Operator)
}

fn post(
    auth: &Authenticator,
    authorization: Option<&[u8]>,
    body: Vec<u8>,
) -> Result<AuthenticatedClient, Refusal> {
    let form = ("content-type", b"application/x-www-form-urlencoded".as_slice());
    let headers: Vec<_> =
        authorization.map(|value| ("authorization", value)).into_iter().chain([form]).collect();
    let headers = headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, Bytes::from(body));
    futures_executor::block_on(auth.authenticate(request))
}
