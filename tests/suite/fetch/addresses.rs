//! Where the fetcher does not go, however the address is written.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::fetch::{FailureKind, KeySetFetcher, Resolver};
use countersign::key_source::KeySource;

use super::bed::{Bed, key, kind, on_tokio};
use super::host::{Host, key_set};

/// A fetcher as it is without any setting.
fn strict(fetcher: KeySetFetcher) -> KeySetFetcher {
    fetcher.danger_allow_loopback(false)
}

/// Answers one list of addresses after the other, and the last of them for ever.
#[derive(Clone)]
struct Names {
    answers: Arc<Vec<Vec<&'static str>>>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    fn new(answers: impl IntoIterator<Item = Vec<&'static str>>) -> Self {
        Names { answers: Arc::new(answers.into_iter().collect()), asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers[asked].iter().map(|address| address.parse().unwrap()).collect())
    }
}

/// Each case of the corpus in which the URL itself is what is wrong.
macro_rules! refused_urls {
    ($($test:ident $url:literal $kind:ident)*) => {$(
        #[test]
        fn $test() {
            on_tokio(async {
                let bed = Bed::with($url, |fetcher| {
                    strict(fetcher).resolver(ResolvedAsWritten)
                });
                bed.unavailable(FailureKind::$kind).await;
                let refused = u64::from(FailureKind::$kind == FailureKind::AddressRefused);
                assert_eq!(bed.counters().refused_addresses, refused);
            });
        }
    )*};
}

refused_urls! {
    jwks_003_localhost "https://localhost/jwks" AddressRefused
    jwks_005_private_10 "https://10.0.0.1/jwks" AddressRefused
    jwks_006_private_172 "https://172.16.0.1/" AddressRefused
    jwks_007_private_192 "https://192.168.1.1/" AddressRefused
    jwks_011_link_local_with_a_zone "https://[fe80::1%25eth0]/" Url
    jwks_012_v4_mapped "https://[::ffff:127.0.0.1]/" AddressRefused
    jwks_013_nat64 "https://[64:ff9b::7f00:1]/" AddressRefused
    jwks_014_unspecified "https://0.0.0.0/" AddressRefused
    jwks_015_decimal "https://2130706433/" Url
    jwks_016_hexadecimal "https://0x7f.1/" Url
    jwks_017_octal "https://017700000001/" Url
    jwks_018_short "https://127.1/" Url
    jwks_019_metadata_service "https://metadata.google.internal/" AddressRefused
    jwks_023_data "data:application/json,{}" Url
    jwks_025_gopher "gopher://127.0.0.1:6379/_x" Url
    jwks_028_javascript "javascript:1" Url
    jwks_031_user_information "https://u:p@jwks.client.test/jwks" Url
    hexadecimal_in_one_part "https://0x7f000001/" AddressRefused
    http "http://jwks.client.test/jwks" Url
    http_to_loopback "http://127.0.0.1/jwks" Url
    multicast "https://[ff02::1]/jwks" AddressRefused
    unique_local "https://[fd00:ec2::254]/jwks" AddressRefused
    six_to_four "https://[2002:7f00:1::1]/jwks" AddressRefused
    teredo "https://[2001:0:4136:e378::1]/jwks" AddressRefused
    carrier_grade_nat "https://100.100.100.200/jwks" AddressRefused
    link_local "https://169.254.169.254/jwks" AddressRefused
}

/// What common resolvers make of such names, without a network.
struct ResolvedAsWritten;

impl Resolver for ResolvedAsWritten {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let address = match host {
            "localhost" | "0x7f000001" => "127.0.0.1",
            "metadata.google.internal" => "169.254.169.254",
            other => panic!("{other} is not resolved in these tests"),
        };
        Ok(vec![address.parse().unwrap()])
    }
}

/// The same with this machine's resolver, and with somebody listening: nobody connects.
#[test]
fn nothing_on_this_machine_is_reached() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        for name in
            ["localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"]
        {
            let fetcher = KeySetFetcher::new();
            let url = format!("https://{name}:{}/jwks", host.port());
            let kind = kind(KeySource::keys(&fetcher, &url).await);
            // Not every resolver reads an address into a name.
            let refused =
                matches!(kind, FailureKind::AddressRefused | FailureKind::NoAddress | FailureKind::Url);
            assert!(refused, "{name}: {kind:?}");
        }
        assert_eq!(host.connections(), 0);
    });
}

/// The switch is for loopback alone, and so is plain http.
#[test]
fn the_switch_allows_loopback_and_nothing_else() {
    on_tokio(async {
        for (address, url) in [
            ("10.0.0.1", "https://jwks.client.test/jwks"),
            ("::ffff:127.0.0.1", "https://jwks.client.test/jwks"),
            ("0.0.0.0", "https://jwks.client.test/jwks"),
            ("10.0.0.1", "http://jwks.client.test/jwks"),
            // A public one, but in the clear.
            ("2606:4700:4700::1111", "http://jwks.client.test/jwks"),
        ] {
            let names = Names::new([vec![address]]);
            let bed = Bed::with(url, |fetcher| fetcher.resolver(names.clone()));
            bed.unavailable(FailureKind::AddressRefused).await;
            assert_eq!((bed.counters().refused_addresses, names.asked()), (1, 1), "{address}");
        }
    });
}

#[test]
fn jwks_032_another_port_than_443_is_allowed() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        assert_ne!(host.port(), 443);
        Bed::new(host.url()).accepted().await;
    });
}

/// A name is resolved once for a fetch. What it resolves to later is the next fetch's matter, and is judged
/// anew.
#[test]
fn jwks_036_a_second_answer_is_never_asked_for() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        let names = Names::new([vec!["10.0.0.1"], vec!["127.0.0.1"], vec!["10.0.0.1"]]);
        let bed = Bed::with(host.url_of("jwks.client.test"), |fetcher| fetcher.resolver(names.clone()));
        bed.unavailable(FailureKind::AddressRefused).await;
        assert_eq!((names.asked(), host.connections()), (1, 0));
        bed.clock.advance(1);
        bed.accepted().await;
        assert_eq!((names.asked(), host.connections()), (2, 1));
        bed.clock.advance(600);
        assert!(bed.keys().await.is_ok(), "the last good set serves");
        bed.until("the third answer", || names.asked() == 3).await;
        assert_eq!(host.connections(), 1);
        assert_eq!(bed.counters().failures(FailureKind::AddressRefused), 2);
    });
}

/// Whichever comes first, the bad address is not dialled and the good one is.
#[test]
fn jwks_037_of_a_mixed_answer_only_the_good_addresses_are_dialled() {
    on_tokio(async {
        for answer in [vec!["127.0.0.1", "10.0.0.1"], vec!["10.0.0.1", "169.254.169.254", "127.0.0.1"]] {
            let host = Host::new(key_set([key()], ""));
            let bad = answer.len() as u64 - 1;
            let names = Names::new([answer]);
            let bed = Bed::with(host.url_of("jwks.client.test"), |fetcher| fetcher.resolver(names));
            bed.accepted().await;
            assert_eq!((bed.counters().refused_addresses, host.connections()), (bad, 1));
        }
    });
}

#[test]
fn jwks_038_a_private_v6_address_does_not_hide_behind_a_good_v4_one() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        let names = Names::new([vec!["::ffff:127.0.0.1", "fd00::1", "127.0.0.1"]]);
        let bed = Bed::with(host.url_of("jwks.client.test"), |fetcher| fetcher.resolver(names));
        bed.accepted().await;
        assert_eq!(bed.counters().refused_addresses, 2);
    });
}

#[test]
fn a_name_without_an_address_is_no_refused_address() {
    on_tokio(async {
        let bed =
            Bed::with("https://jwks.client.test/", |fetcher| fetcher.resolver(Names::new([Vec::new()])));
        bed.unavailable(FailureKind::NoAddress).await;
        assert_eq!(bed.counters().refused_addresses, 0);
    });
}

/// As when the server's own resolver is down.
struct Mute;

impl Resolver for Mute {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Err(io::Error::other("no resolver answers"))
    }
}

#[test]
fn a_name_that_nobody_can_resolve_is_no_refused_address() {
    on_tokio(async {
        let bed = Bed::with("https://jwks.client.test/", |fetcher| fetcher.resolver(Mute));
        bed.unavailable(FailureKind::NoAddress).await;
        assert_eq!(bed.counters().refused_addresses, 0);
    });
}

#[test]
fn an_address_that_is_not_answering_leaves_time_for_the_next() {
    on_tokio(async {
        let host = Host::at("[::1]:0", key_set([key()], ""));
        // Nobody listens on 127.0.0.1 at this port.
        let names = Names::new([vec!["127.0.0.1", "::1"]]);
        let bed = Bed::with(host.url_of("jwks.client.test"), |fetcher| fetcher.resolver(names));
        bed.accepted().await;
    });
}
