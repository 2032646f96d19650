//! Callers: each sends one request after the other, over connections that it keeps.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use countersign_tests::row::HttpRequest;
use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::World;
use crate::clock::unix_now;
use crate::judge::{Answer, judge};
use crate::random::Random;
use crate::request::{Drawn, Truth, draw, retired};

/// Sends until it is over.
pub(crate) async fn call(world: Arc<World>, mut random: Random) {
    // Not all at once.
    sleep(Duration::from_millis(random.between(0, 3000).unsigned_abs())).await;
    let mut lines: Vec<Line> = world.bed.nodes.iter().map(|node| Line::to(node.address)).collect();
    while !world.is_over.load(Ordering::SeqCst) {
        let drawn = random.chance(5).then(|| retired(&mut random, &world.subjects)).flatten();
        let drawn = drawn.unwrap_or_else(|| draw(&mut random, &world.subjects, &world.pool));
        let node = usize::from(random.chance(50));
        let way = random.between(0, 100);
        if way < 4 {
            abandon(&world, &mut lines[node], &drawn, random.between(0, 60)).await;
        } else if way < 12 && drawn.assertion.is_some() && matches!(drawn.truth, Truth::Good(_)) {
            race(&world, &mut lines, &drawn).await;
        } else {
            let answer = lines[node].ask(node, &drawn.request).await;
            judge(&world, &drawn, &drawn.truth, &answer).await;
        }
        world.pool.add(&drawn);
        let longest = if world.is_slow.load(Ordering::SeqCst) { 800 } else { 80 };
        sleep(Duration::from_millis(random.between(0, longest).unsigned_abs())).await;
    }
}

/// Goes away before the answer.
async fn abandon(world: &World, line: &mut Line, drawn: &Drawn, milliseconds: i64) {
    let asked = line.ask(0, &drawn.request);
    if timeout(Duration::from_millis(milliseconds.unsigned_abs()), asked).await.is_err() {
        line.connection = None;
    }
    world.score.lock().unwrap().abandoned += 1;
}

/// Sends it to all nodes at once.
async fn race(world: &World, lines: &mut [Line], drawn: &Drawn) {
    let asked = lines.iter_mut().enumerate().map(|(node, line)| line.ask(node, &drawn.request));
    let answers = join_all(asked).await;
    // Whose claim has no answer may have made it.
    let may_be_used = answers.iter().any(|answer| matches!(answer.status, Some(200 | 503)));
    for (place, answer) in answers.iter().enumerate() {
        let is_late = place > 0 || may_be_used && matches!(answer.status, Some(400));
        let again = match &drawn.truth {
            Truth::Good(proof) if is_late => Truth::Again(proof.clone()),
            truth => truth.clone(),
        };
        judge(world, drawn, &again, answer).await;
    }
}

/// A connection to a node, made anew when it is needed.
struct Line {
    address: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    fn to(address: SocketAddr) -> Self {
        Line { address, connection: None }
    }

    async fn ask(&mut self, node: usize, request: &HttpRequest) -> Answer {
        let (sent, sent_at) = (Instant::now(), unix_now());
        let answer = timeout(PATIENCE, self.try_ask(request)).await;
        let (status, text) = match answer {
            Ok(Ok((status, text))) => (Some(status), text),
            Ok(Err(problem)) => (None, problem),
            Err(_) => (None, format!("no answer within {PATIENCE:?}")),
        };
        if status.is_none() {
            self.connection = None;
        }
        Answer { node, sent, sent_at, answered: Instant::now(), status, text }
    }

    async fn try_ask(&mut self, request: &HttpRequest) -> Result<(u16, String), String> {
        let mut connection = self.connection.take();
        if let Some(kept) = &mut connection
            && kept.ready().await.is_err()
        {
            connection = None;
        }
        let mut connection = match connection {
            Some(connection) => connection,
            None => connect(self.address).await?,
        };
        let mut head = http::Request::post(request.endpoint.path()).header("host", "as.example.com");
        for (name, value) in &request.headers {
            head = head.header(name.as_str(), value.as_slice());
        }
        let http = head.body(Full::from(request.body.clone())).unwrap();
        let response = connection.send_request(http).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        self.connection = Some(connection);
        Ok((status, text(status, &body)))
    }
}

/// The client's name of an answer that is good, and the `error` of one that is not.
fn text(status: u16, body: &[u8]) -> String {
    if status == 200 {
        return String::from_utf8_lossy(body).into_owned();
    }
    let error =
        serde_json::from_slice(body).ok().and_then(|body: Value| Some(body["error"].as_str()?.to_owned()));
    error.unwrap_or_else(|| format!("not an OAuth error: {}", String::from_utf8_lossy(body)))
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);
