//! Where cargo put the binaries it built for this test.

/// The program of a function.
pub(crate) fn path_of(function: &str) -> &'static str {
    match function {
        "health" => env!("CARGO_BIN_EXE_health"),
        "put-load" => env!("CARGO_BIN_EXE_put-load"),
        "get-load" => env!("CARGO_BIN_EXE_get-load"),
        "list-loads" => env!("CARGO_BIN_EXE_list-loads"),
        "import-loads" => env!("CARGO_BIN_EXE_import-loads"),
        "register-driver" => env!("CARGO_BIN_EXE_register-driver"),
        "get-driver" => env!("CARGO_BIN_EXE_get-driver"),
        "list-drivers" => env!("CARGO_BIN_EXE_list-drivers"),
        "update-driver" => env!("CARGO_BIN_EXE_update-driver"),
        "delete-driver" => env!("CARGO_BIN_EXE_delete-driver"),
        "list-driver-payouts" => env!("CARGO_BIN_EXE_list-driver-payouts"),
        "put-payout-method" => env!("CARGO_BIN_EXE_put-payout-method"),
        "get-payout-method" => env!("CARGO_BIN_EXE_get-payout-method"),
        "verify-driver" => env!("CARGO_BIN_EXE_verify-driver"),
        "create-payout" => env!("CARGO_BIN_EXE_create-payout"),
        "create-instant-payout" => env!("CARGO_BIN_EXE_create-instant-payout"),
        "get-payout" => env!("CARGO_BIN_EXE_get-payout"),
        "list-payouts" => env!("CARGO_BIN_EXE_list-payouts"),
        "get-payout-timeline" => env!("CARGO_BIN_EXE_get-payout-timeline"),
        "cancel-payout" => env!("CARGO_BIN_EXE_cancel-payout"),
        "retry-payout" => env!("CARGO_BIN_EXE_retry-payout"),
        "get-balance" => env!("CARGO_BIN_EXE_get-balance"),
        "create-deposit" => env!("CARGO_BIN_EXE_create-deposit"),
        "receive-payelata-callback" => env!("CARGO_BIN_EXE_receive-payelata-callback"),
        "dispatch-payout" => env!("CARGO_BIN_EXE_dispatch-payout"),
        "check-attempt" => env!("CARGO_BIN_EXE_check-attempt"),
        "relay-outbox" => env!("CARGO_BIN_EXE_relay-outbox"),
        "sweep-due" => env!("CARGO_BIN_EXE_sweep-due"),
        _ => panic!("{function} has no binary"),
    }
}
