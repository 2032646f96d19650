//! Every request of every row of the case table: whichever is the costliest.

use std::hint::black_box;

use bytes::Bytes;
use countersign::certificate::PeerCertificates;
use countersign::{AuthRequest, Endpoint};
use countersign_tests::all_rows;
use countersign_tests::drivers::Server;
use countersign_tests::row;

use crate::Table;

pub(crate) fn measure(table: &mut Table) {
    let (mut count, mut costliest) = (0, (0, String::new()));
    for row in all_rows() {
        let server = Server::new(&row.setup);
        let surroundings = server.surroundings();
        for step in &row.steps {
            let Some((request, _)) = surroundings.take(step) else { continue };
            let headers = request.headers.as_slice();
            let body = Bytes::from(request.body.clone());
            let chain = request.peer.certificates.iter().cloned();
            let certificates = PeerCertificates::from_handshake(chain);
            let seen = allocation_counter::measure(|| {
                let request = AuthRequest::new(own(request.endpoint), &request.verb, &headers, body)
                    .with_query(request.query.as_deref())
                    .with_source(request.peer.address)
                    .with_certificates(certificates.as_ref());
                drop(black_box(futures_executor::block_on(server.auth.authenticate(request))));
            });
            costliest = costliest.max((seen.bytes_max, row.name.clone()));
            count += 1;
        }
    }
    let name: String = costliest.1.chars().take(36).collect();
    table.line(&format!("the costliest of {count} in the case table: {name}"), "", costliest.0);
}

fn own(endpoint: row::Endpoint) -> Endpoint {
    match endpoint {
        row::Endpoint::Token => Endpoint::Token,
        row::Endpoint::Introspection => Endpoint::Introspection,
        row::Endpoint::Revocation => Endpoint::Revocation,
        row::Endpoint::PushedAuthorization => Endpoint::PushedAuthorization,
        row::Endpoint::DeviceAuthorization => Endpoint::DeviceAuthorization,
        row::Endpoint::BackchannelAuthentication => Endpoint::BackchannelAuthentication,
    }
}
