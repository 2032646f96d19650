//! What the signer makes, judged by OpenSSL, and what OpenSSL makes, read by the signer.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};

/// Keys as OpenSSL writes them: PKCS#8, and the older form of its type where there is one.
#[test]
fn openssl_verifies_every_asymmetric_algorithm_with_its_own_keys() {
    let folder = Folder::new("sign-asymmetric");
    for (key, options, algorithms) in [
        ("rsa", ["RSA", "rsa_keygen_bits:2048"], "RS256 RS384 RS512 PS256 PS384 PS512"),
        ("p256", ["EC", "ec_paramgen_curve:P-256"], "ES256"),
        ("p384", ["EC", "ec_paramgen_curve:P-384"], "ES384"),
        ("p521", ["EC", "ec_paramgen_curve:P-521"], "ES512"),
        ("ed25519", ["ED25519", ""], "EdDSA Ed25519"),
    ] {
        let pkcs8 = folder.file(&format!("{key}.pem"));
        let mut generate = openssl("genpkey");
        generate.args(["-algorithm", options[0], "-out"]).arg(&pkcs8);
        if !options[1].is_empty() {
            generate.args(["-pkeyopt", options[1]]);
        }
        run(&mut generate);
        let public = folder.file(&format!("{key}.public.pem"));
        run(openssl("pkey").args(["-pubout", "-in"]).arg(&pkcs8).arg("-out").arg(&public));
        let mut forms = vec![pkcs8.clone()];
        if key != "ed25519" {
            let traditional = folder.file(&format!("{key}.traditional.pem"));
            run(openssl("pkey").args(["-traditional", "-in"]).arg(&pkcs8).arg("-out").arg(&traditional));
            assert!(read(&traditional).contains(&format!("BEGIN {} PRIVATE KEY", options[0])));
            forms.push(traditional);
        }
        for form in &forms {
            let own = SigningKey::from_pem(&read(form)).unwrap();
            assert_eq!(own.public_pem().unwrap().unwrap(), read(&public), "{key}");
            for algorithm in algorithms.split(' ').map(|name| name.parse::<Algorithm>().unwrap()) {
                let signing = SigningKey::from_pem(&read(form)).unwrap().with_algorithm(algorithm).unwrap();
                verify(&folder, algorithm, &signing, &public);
            }
        }
        // And the way back: OpenSSL reads what the signer writes.
        let written = folder.file(&format!("{key}.written.pem"));
        std::fs::write(&written, SigningKey::from_pem(&read(&pkcs8)).unwrap().to_pem().unwrap().as_str())
            .unwrap();
        let again = run(openssl("pkey").args(["-pubout", "-in"]).arg(&written));
        assert_eq!(String::from_utf8(again).unwrap(), read(&public), "{key}");
    }
}

#[test]
fn openssl_computes_the_same_macs() {
    let folder = Folder::new("sign-macs");
    let secret = "k-".repeat(40);
    let hexadecimal: String = secret.bytes().map(|octet| format!("{octet:02x}")).collect();
    for (algorithm, digest) in
        [(Algorithm::HS256, "-sha256"), (Algorithm::HS384, "-sha384"), (Algorithm::HS512, "-sha512")]
    {
        let key = SigningKey::from_secret(&secret).unwrap().with_algorithm(algorithm).unwrap();
        let (signed, mac) = signed(&folder, &key);
        let computed = run(openssl("dgst")
            .args([digest, "-mac", "HMAC", "-binary", "-macopt", &format!("hexkey:{hexadecimal}")])
            .arg(&signed));
        assert_eq!(computed, mac, "{algorithm}");
    }
}

fn verify(folder: &Folder, algorithm: Algorithm, key: &SigningKey, public: &Path) {
    let (signed, signature) = signed(folder, key);
    let (name, digest) = algorithm.as_str().split_at(2);
    let digest = format!("-sha{digest}");
    let signature_file = folder.file("signature");
    let der = if name == "ES" { ecdsa_der(&signature) } else { signature };
    std::fs::write(&signature_file, der).unwrap();
    let mut command = if name == "Ed" {
        let mut command = openssl("pkeyutl");
        command.args(["-verify", "-rawin", "-pubin", "-inkey"]).arg(public).arg("-in").arg(&signed);
        command.arg("-sigfile").arg(&signature_file);
        command
    } else {
        let mut command = openssl("dgst");
        command.arg(&digest).arg("-verify").arg(public);
        if name == "PS" {
            // RFC 7518 §3.5: the salt is as long as the hash.
            command.args(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]);
        }
        command.arg("-signature").arg(&signature_file).arg(&signed);
        command
    };
    let said = String::from_utf8(run(&mut command)).unwrap();
    assert!(said.contains("Verified OK") || said.contains("Verified Successfully"), "{algorithm}: {said}");
}

/// A file with what was signed, and the signature.
fn signed(folder: &Folder, key: &SigningKey) -> (PathBuf, Vec<u8>) {
    let assertion =
        ClientAssertion::for_client("billing").audience("https://as.example.com").sign(key).unwrap();
    let (input, signature) = assertion.as_str().rsplit_once('.').unwrap();
    let file = folder.file("signed");
    std::fs::write(&file, input).unwrap();
    (file, URL_SAFE_NO_PAD.decode(signature).unwrap())
}

/// RFC 3279 §2.2.3, which OpenSSL wants, from the r‖s of RFC 7518 §3.4.
fn ecdsa_der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let integer = |number: &[u8]| {
        let digits: Vec<u8> = number.iter().copied().skip_while(|octet| *octet == 0).collect();
        let sign = digits.first().is_some_and(|first| *first >= 0x80).then_some(0);
        let content: Vec<u8> = sign.into_iter().chain(digits).collect();
        [vec![2, u8::try_from(content.len()).unwrap()], content].concat()
    };
    let content = [integer(r), integer(s)].concat();
    let length = u8::try_from(content.len()).unwrap();
    let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
    [vec![0x30], length, content].concat()
}

fn openssl(command: &str) -> Command {
    let mut openssl = Command::new("openssl");
    openssl.arg(command);
    openssl
}

#[track_caller]
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("openssl is installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
