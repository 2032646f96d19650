//! `exp`, `nbf`, `iat`, each one second inside and outside its limit.

use serde_json::json;

use super::{by_es256, es256, signed};
use crate::assertion::Assertion;
use crate::row::{NOW, Row};
use crate::scene::{Scene, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [expiry(), future(), lifetime(), fapi2(), moving_clock()].concat()
}

fn good(scene: Scene, assertion: &Assertion) -> Row {
    scene.send(signed(assertion), by_es256()).row()
}

fn bad(scene: Scene, assertion: &Assertion, reason: &str) -> Row {
    scene.send(signed(assertion), invalid_client(400, reason)).row()
}

fn expiry() -> Vec<Row> {
    let exp = |seconds: f64| {
        #[allow(clippy::cast_precision_loss, reason = "a clock reading is far below 2^53")]
        es256().claim("iat", NOW - 400).claim("exp", NOW as f64 + seconds)
    };
    let without_leeway = |name: &str| scene(name).policy(json!({"leeway": 0}));
    vec![
        good(scene("exp one second ahead has not passed"), &exp(1.0)),
        good(scene("exp at this very second is within the leeway"), &exp(0.0)),
        good(scene("exp 29 seconds ago is within the leeway"), &exp(-29.0)),
        good(scene("exp 29.5 seconds ago is within the leeway"), &exp(-29.5)),
        bad(scene("exp 30 seconds ago has passed"), &exp(-30.0), "expired"),
        bad(scene("exp 30.5 seconds ago has passed"), &exp(-30.5), "expired"),
        bad(scene("exp 300 seconds ago has passed"), &exp(-300.0), "expired"),
        good(without_leeway("without leeway exp one second ahead has not passed"), &exp(1.0)),
        bad(without_leeway("without leeway exp at this very second has passed"), &exp(0.0), "expired"),
        bad(without_leeway("without leeway exp one second ago has passed"), &exp(-1.0), "expired"),
    ]
}

fn future() -> Vec<Row> {
    let mut rows = Vec::new();
    for claim in ["nbf", "iat"] {
        let ahead = |seconds: i64| es256().claim(claim, NOW + seconds).claim("exp", NOW + 200);
        let lenient = |name: String| scene(name).policy(json!({"leeway": 120}));
        rows.extend([
            good(scene(format!("{claim} 8 seconds ahead is within the leeway")), &ahead(8)),
            good(scene(format!("{claim} 30 seconds ahead is within the leeway")), &ahead(30)),
            bad(scene(format!("{claim} 31 seconds ahead lies in the future")), &ahead(31), "not_yet_valid"),
            bad(scene(format!("{claim} 62 seconds ahead lies in the future")), &ahead(62), "not_yet_valid"),
            bad(scene(format!("{claim} an hour ahead lies in the future")), &ahead(3600), "not_yet_valid"),
            bad(
                scene(format!("{claim} half a second beyond the leeway lies in the future")),
                &es256().raw_claim(claim, "1800000030.5"),
                "not_yet_valid",
            ),
            good(lenient(format!("{claim} at the ceiling is within a long leeway")), &ahead(60)),
            bad(
                lenient(format!("{claim} beyond the ceiling is refused whatever the leeway")),
                &ahead(61),
                "not_yet_valid",
            ),
        ]);
    }
    rows.extend([
        good(scene("nbf long ago is fine"), &es256().claim("nbf", 0)),
        bad(
            scene("all three times 62 seconds ahead lie in the future"),
            &es256().claim("iat", NOW + 62).claim("nbf", NOW + 62).claim("exp", NOW + 122),
            "not_yet_valid",
        ),
    ]);
    rows
}

fn lifetime() -> Vec<Row> {
    let lives = |issued: i64, expires: i64| es256().claim("iat", NOW + issued).claim("exp", NOW + expires);
    let undated = |expires: i64| es256().without_claim("iat").claim("exp", NOW + expires);
    let short = |name: &str| scene(name).policy(json!({"max_lifetime": 60}));
    vec![
        good(scene("an hour of life is fine"), &lives(0, 3600)),
        good(scene("an hour and the leeway is fine"), &lives(0, 3630)),
        bad(scene("an hour, the leeway and a second is too long"), &lives(0, 3631), "lifetime_too_long"),
        bad(scene("a year is too long"), &lives(0, 31_536_000), "lifetime_too_long"),
        good(scene("life is counted from iat: exactly as long as it may be"), &lives(-1800, 1830)),
        bad(scene("life is counted from iat: a second too long"), &lives(-1800, 1831), "lifetime_too_long"),
        bad(
            scene("an old assertion that is still valid lives too long"),
            &lives(-604_800, 60),
            "lifetime_too_long",
        ),
        good(scene("without iat life is counted from now: exactly as long as it may be"), &undated(3630)),
        bad(
            scene("without iat life is counted from now: a second too long"),
            &undated(3631),
            "lifetime_too_long",
        ),
        good(scene("a future iat does not lengthen a life"), &lives(30, 3630)),
        bad(
            scene("a future iat does not hide a life that is too long"),
            &lives(30, 3631),
            "lifetime_too_long",
        ),
        good(short("max_lifetime is a switch: exactly as long as it may be"), &lives(0, 90)),
        bad(short("max_lifetime is a switch: a second too long"), &lives(0, 91), "lifetime_too_long"),
        bad(
            scene("a life of two to the 53rd seconds is too long"),
            &es256().raw_claim("exp", "9007199254740992"),
            "lifetime_too_long",
        ),
    ]
}

fn fapi2() -> Vec<Row> {
    let strict = |name: &str| scene(name).preset("fapi2");
    let at =
        |iat: i64, exp: i64| es256().claim("iat", NOW + iat).claim("nbf", NOW + iat).claim("exp", NOW + exp);
    vec![
        good(strict("under fapi2 times 8 seconds ahead are accepted"), &at(8, 68)),
        good(strict("under fapi2 times 10 seconds ahead are accepted"), &at(10, 70)),
        bad(strict("under fapi2 times 11 seconds ahead are refused"), &at(11, 71), "not_yet_valid"),
        bad(strict("under fapi2 times 62 seconds ahead are refused"), &at(62, 122), "not_yet_valid"),
        good(strict("under fapi2 exp 9 seconds ago is within the leeway"), &at(-60, -9)),
        bad(strict("under fapi2 exp 10 seconds ago has passed"), &at(-60, -10), "expired"),
        bad(strict("under fapi2 exp five minutes ago has passed"), &at(-600, -300), "expired"),
        good(strict("under fapi2 five minutes and the leeway is fine"), &at(0, 310)),
        bad(
            strict("under fapi2 five minutes, the leeway and a second is too long"),
            &at(0, 311),
            "lifetime_too_long",
        ),
    ]
}

fn moving_clock() -> Vec<Row> {
    let sent = |assertion: Assertion| signed(&assertion);
    vec![
        scene("an assertion expires while it waits")
            .advance(89)
            .send(sent(es256()), by_es256())
            .advance(1)
            .send(sent(es256()), invalid_client(400, "expired"))
            .row(),
        scene("an assertion from the future becomes valid in time")
            .send(
                sent(es256().claim("nbf", NOW + 100).claim("exp", NOW + 300)),
                invalid_client(400, "not_yet_valid"),
            )
            .advance(70)
            .send(sent(es256().claim("nbf", NOW + 100).claim("exp", NOW + 300)), by_es256())
            .row(),
        scene("a clock that is set back makes an assertion come from the future")
            .send(sent(es256()), by_es256())
            .advance(-60)
            .send(sent(es256()), invalid_client(400, "not_yet_valid"))
            .row(),
    ]
}
