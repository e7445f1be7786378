//! The same folder again: the same keys, the same money, the same time.

use local::host::{Host, Options, Place};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_knows_its_keys_its_wallet_and_its_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    let first = Stage::at(place.clone()).await;
    let keys = first.host.ready.keys.clone();
    let id = first.create("L-12345").await;
    first.advance(3_600).await;
    let (balance, later) = (first.balance().await, first.host.world.backend.clock.now());
    drop(first);
    drop(wait_for(place.clone()).await);
    let third = wait_for(place).await;
    assert_eq!(third.host.ready.keys, keys);
    assert_eq!(third.balance().await, balance);
    assert!(
        third.host.world.backend.clock.now() >= later,
        "the clock never goes back"
    );
    assert_eq!(third.payout(&id).await["status"], "completed");
    third.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_leaves_a_changed_and_deleted_driver_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    let path = "/api/v1/drivers/OVN-DRIVER-789";
    let first = Stage::at(place.clone()).await;
    let renamed = serde_json::json!({"name": "Jane Smith"});
    first.data("PUT", path, Some(&renamed)).await;
    let deleted = first.data("DELETE", path, None).await;
    drop(first);
    let second = wait_for(place).await;
    assert_eq!(second.data("GET", path, None).await, deleted);
}

fn options(place: Place) -> Options {
    Options {
        port: 0,
        sandbox_port: 0,
        aws_port: None,
        place,
    }
}

/// A new host on the folder, once the tasks of the dropped one have let go of it.
async fn wait_for(place: Place) -> Stage {
    if let Place::Folder(folder) = &place {
        for _ in 0..200 {
            if local::host::lock_folder(folder).is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }
    Stage::at(place).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_host_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    let _first = Stage::at(place.clone()).await;
    let Err(refused) = Host::start(options(place)).await else {
        panic!("two hosts on one folder");
    };
    assert!(
        refused.to_string().contains("in use by another"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_another_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    drop(Stage::at(place.clone()).await);
    for layout in [Some("1"), None] {
        let mark = folder.path().join("layout");
        match layout {
            Some(text) => std::fs::write(&mark, text).expect("writable"),
            None => std::fs::remove_file(&mark).expect("removable"),
        }
        for _ in 0..200 {
            if local::host::lock_folder(folder.path()).is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        let Err(refused) = Host::start(options(place.clone())).await else {
            panic!("another layout was taken for ours");
        };
        assert!(refused.to_string().contains("another version"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_lets_a_route_that_a_405_stopped_try_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    let first = Stage::at(place.clone()).await;
    first.fault("create", "status:405_before", 1).await;
    let refused = first.create("L-12345").await;
    first.host.pump.settle().await;
    let waiting = first.create("L-12346").await;
    first.advance(3_600).await;
    assert_eq!(first.payout(&refused).await["status"], "failed");
    assert_ne!(first.payout(&waiting).await["status"], "completed");
    drop(first);
    let second = wait_for(place).await;
    second.advance(3_600).await;
    assert_eq!(second.payout(&waiting).await["status"], "completed");
    second.assert_books().await;
}
