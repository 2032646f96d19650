//! `POST /register` ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)), and what a client does with its own
//! registration at `/register/{client_id}` ([RFC 7592](https://www.rfc-editor.org/rfc/rfc7592)).

use countersign::Headers;
use countersign::registration::Answer;

use super::{Request, Response, Server, wrong_verb};

impl Server {
    pub(super) async fn register(&self, request: &Request) -> Response {
        match request.verb.as_str() {
            "POST" => self.registered(self.registrar.register(request, &request.body, request.peer).await),
            _ => wrong_verb("POST"),
        }
    }

    pub(super) async fn client_configuration(&self, client_id: &str, request: &Request) -> Response {
        let answer = match request.verb.as_str() {
            "GET" | "HEAD" => self.registrar.read(client_id, request).await,
            "PUT" => self.registrar.update(client_id, request, &request.body).await,
            "DELETE" => self.registrar.delete(client_id, request).await,
            _ => return wrong_verb("GET, HEAD, PUT, DELETE"),
        };
        self.registered(answer)
    }

    /// One line for the operator, and what the caller sees.
    pub(super) fn registered(&self, answer: Answer) -> Response {
        (self.log)(&answer.event().to_string());
        Response::of_registration(&answer)
    }
}

impl Headers for Request {
    fn each<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for (_, value) in self.headers.iter().filter(|(candidate, _)| candidate == name) {
            visit(value);
        }
    }
}
