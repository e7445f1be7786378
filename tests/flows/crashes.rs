//! A crash at every await on a port, before and after its effect: nothing is lost, nothing is paid twice.

use domain::{fee::Rail, ids::PayoutId};

use crate::{books, stage::Stage};

/// The whole life of one payout by a client that repeats until it is answered.
async fn live(stage: &Stage, rail: Rail) -> PayoutId {
    let id = stage.create_for_sure("L-1", rail).await;
    stage.work().await;
    crate::troubles::ring_if_up(stage, &id).await;
    stage.advance(4 * 3_600).await;
    id
}

async fn every_crash_is_survived(rail: Rail) -> usize {
    let stage = Stage::new().await;
    let id = live(&stage, rail).await;
    books::paid_exactly_once(&stage, &id).await;
    let names = stage.points.names();
    for (number, name) in names.iter().enumerate() {
        let stage = Stage::new().await;
        stage.points.crash_at(number);
        let id = live(&stage, rail).await;
        println!("{} crash at {number}: {name}", rail.name());
        books::paid_exactly_once(&stage, &id).await;
    }
    names.len()
}

#[tokio::test]
async fn a_standard_payout_survives_a_crash_at_every_point() {
    assert!(every_crash_is_survived(Rail::Standard).await > 20);
}

#[tokio::test]
async fn an_instant_payout_survives_a_crash_at_every_point() {
    assert!(every_crash_is_survived(Rail::Instant).await > 20);
}

#[tokio::test]
async fn two_crashes_in_one_life_are_survived_too() {
    for first in (0..40).step_by(3) {
        for second in (first + 1..50).step_by(7) {
            let stage = Stage::new().await;
            stage.points.crash_at(first);
            let id = stage.create_for_sure("L-1", Rail::Standard).await;
            stage.points.crash_at(second);
            stage.work().await;
            stage.advance(6 * 3_600).await;
            books::paid_exactly_once(&stage, &id).await;
        }
    }
}
