//! The server's metadata as a service.

use std::future::ready;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign::discovery::{AuthorizationServerMetadata, Document};

/// Answers GET and HEAD with the server's metadata ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)) at both
/// well-known paths of its issuer; other verbs with 405. Every origin may read the document, and keep it for five minutes.
///
/// It belongs into the application itself, not into a `web::scope`, and not behind a
/// [`ClientAuthMiddleware`](crate::ClientAuthMiddleware) that covers every path.
///
/// ```
/// use actix_web::App;
/// use countersign::discovery::AuthorizationServerMetadata;
/// use countersign_actix::Discovery;
///
/// # fn example(auth: &countersign::Authenticator) -> Result<(), countersign::ConfigError> {
/// let metadata = AuthorizationServerMetadata::of(auth)?.with("jwks_uri", "https://as.example.com/jwks")?;
/// let discovery = Discovery::new(&metadata);
/// let app = move || App::new().service(discovery.clone());
/// # let _ = app();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Discovery {
    paths: [String; 2],
    document: Document,
}

impl Discovery {
    /// Serves this document.
    pub fn new(metadata: &AuthorizationServerMetadata) -> Self {
        Discovery {
            paths: [metadata.oauth_authorization_server_path(), metadata.openid_configuration_path()],
            document: metadata.document(),
        }
    }
}

impl HttpServiceFactory for Discovery {
    fn register(self, service: &mut AppService) {
        let Discovery { paths, document } = self;
        let handler = move |request: HttpRequest| ready(answer(&document, request.method().as_str()));
        web::resource(Vec::from(paths)).to(handler).register(service);
    }
}

/// actix leaves the body of an answer to HEAD out, and counts it.
fn answer(document: &Document, verb: &str) -> HttpResponse {
    let answer = document.answer(verb);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for header in answer.headers {
        response.insert_header(*header);
    }
    response.body(answer.body)
}
