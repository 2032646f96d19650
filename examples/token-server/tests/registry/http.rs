//! One connection, many requests.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::Outcome;
use crate::node::LIMIT;

/// A connection that stays open.
pub(crate) struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    host: String,
    is_patient: bool,
}

/// With TLS or without.
pub(crate) trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, without `date`, in alphabetical order.
    pub(crate) fields: Vec<String>,
    pub(crate) body: String,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Outcome<Self> {
        Ok(Self::over(connect(address)?, address))
    }

    pub(crate) fn over(stream: impl Stream + 'static, host: &str) -> Self {
        Connection { stream: BufReader::new(Box::new(stream)), host: host.to_owned(), is_patient: false }
    }

    /// Tries again after a 503 that says so, as a client does: a busy machine lets a database be late.
    pub(crate) fn patient(self) -> Self {
        Connection { is_patient: true, ..self }
    }

    pub(crate) fn send(
        &mut self,
        verb: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Outcome<Answer> {
        let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{verb} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{fields}\r\n{body}",
            self.host,
            body.len()
        );
        for _ in 0..TRIES {
            self.stream.get_mut().write_all(request.as_bytes())?;
            let answer = self.answer()?;
            if !self.is_patient || answer.status != 503 || answer.field("retry-after") != Some("1") {
                return Ok(answer);
            }
            thread::sleep(Duration::from_secs(1));
        }
        Err(format!("503, {TRIES} times: {verb} {path}").into())
    }

    /// A form, as [RFC 6749] has it, with whatever proves the client.
    pub(crate) fn form(&mut self, path: &str, basic: Option<(&str, &str)>, form: &str) -> Outcome<Answer> {
        let pair = basic.map(|(id, secret)| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        let mut fields = vec![("Content-Type", "application/x-www-form-urlencoded")];
        fields.extend(pair.as_deref().map(|pair| ("Authorization", pair)));
        self.send("POST", path, &fields, form)
    }

    /// Registers a client.
    pub(crate) fn register(&mut self, metadata: &Value) -> Outcome<Registered> {
        let json = [("Content-Type", "application/json")];
        let answer = self.send("POST", "/register", &json, &metadata.to_string())?;
        if answer.status != 201 {
            return Err(format!("{metadata}: {answer:?}").into());
        }
        let told = answer.json()?;
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        Ok(Registered {
            client_id: text("client_id"),
            secret: text("client_secret"),
            token: text("registration_access_token"),
            told,
        })
    }

    fn answer(&mut self) -> Outcome<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("the connection was closed")?.parse()?;
        let (mut fields, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            let name = name.to_ascii_lowercase();
            if name == "content-length" {
                length = value.parse()?;
            }
            if name != "date" {
                fields.push(format!("{name}: {value}"));
            }
        }
        fields.sort();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, fields, body: String::from_utf8(body)? })
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.body).map_err(|error| format!("{error}: {self:?}"))?)
    }

    /// A header field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| field.strip_prefix(name)?.strip_prefix(": "))
    }

    /// A member of the JSON body that is a text.
    pub(crate) fn text(&self, name: &str) -> Outcome<String> {
        let member = self.json()?;
        Ok(member[name].as_str().ok_or_else(|| format!("no {name} in {self:?}"))?.to_owned())
    }
}

/// A stream that gives up in time.
pub(crate) fn connect(address: &str) -> Outcome<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LIMIT))?;
    Ok(stream)
}

/// A client that has registered itself.
pub(crate) struct Registered {
    pub(crate) client_id: String,
    pub(crate) secret: String,
    /// The registration access token.
    pub(crate) token: String,
    pub(crate) told: Value,
}

impl Registered {
    pub(crate) fn path(&self) -> String {
        format!("/register/{}", self.client_id)
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(crate) fn basic(&self) -> Option<(&str, &str)> {
        Some((&self.client_id, &self.secret))
    }
}

const TRIES: u32 = 30;
