//! The list of an order's statuses, in the documented languages.

use axum::response::Response;
use serde::Serialize;

use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::life::Status;

#[derive(Clone, Copy)]
enum Language {
    English,
    Japanese,
    Chinese,
    Vietnamese,
    Thai,
}

#[derive(Serialize)]
struct Line {
    name: Status,
    description: &'static str,
}

/// What each status means, in the order of the documents. English and Chinese are theirs, but for the English of
/// `dest_bank.validated`, which they lack; Japanese, Vietnamese and Thai are ours.
const LINES: [(Status, [&str; 5]); 9] = [
    (
        Status::Received,
        [
            "OwlPay received order from application (Your System)",
            "取込済み",
            "已匯入",
            "Đã nhập",
            "นำเข้าแล้ว",
        ],
    ),
    (
        Status::Cancelled,
        [
            "Application cancelled orders",
            "キャンセル済み",
            "已取消",
            "Đã hủy",
            "ยกเลิกแล้ว",
        ],
    ),
    (
        Status::VendorUnconfirmed,
        [
            "Application initiates order reconciliation request (order_transfer) to the vendor to check",
            "照合申請済み",
            "已申請對帳",
            "Đã yêu cầu đối soát",
            "ขอกระทบยอดแล้ว",
        ],
    ),
    (
        Status::PlatformUnconfirmed,
        [
            "Vendor initiates order reconciliation request (order_transfer) to the application to check",
            "ベンダーの照合を確認中",
            "供應商對帳確認中",
            "Đang xác nhận đối soát của nhà cung cấp",
            "กำลังยืนยันการกระทบยอดของผู้ขาย",
        ],
    ),
    (
        Status::Confirmed,
        [
            "The order transfer is completed (to check the review of reconciliation order is rejected or approved, see is_reject is true or false in order object)",
            "双方が照合を確認済み",
            "雙方已確認對帳",
            "Hai bên đã xác nhận đối soát",
            "ทั้งสองฝ่ายยืนยันการกระทบยอดแล้ว",
        ],
    ),
    (
        Status::TransferStart,
        [
            "The bank received payout instruction to vendor (transaction starts)",
            "銀行で処理中",
            "銀行交易處理中",
            "Ngân hàng đang xử lý",
            "ธนาคารกำลังดำเนินการ",
        ],
    ),
    (
        Status::TransferEnd,
        [
            "The bank received payout instruction to vendor (transaction ends)",
            "銀行の取引完了",
            "銀行交易完成",
            "Giao dịch ngân hàng đã hoàn tất",
            "ธุรกรรมธนาคารเสร็จสิ้น",
        ],
    ),
    (
        Status::Validated,
        [
            "The receiving bank has confirmed the money",
            "着金を確認済み",
            "銀行款項已確認",
            "Ngân hàng nhận đã xác nhận",
            "ธนาคารผู้รับยืนยันแล้ว",
        ],
    ),
    (
        Status::Settled,
        [
            "The order reconciliation request (order_transfer) has been settled(approved)",
            "精算済み",
            "已結清",
            "Đã quyết toán",
            "ชำระแล้ว",
        ],
    ),
];

/// English where the language is unknown or not said.
pub(crate) async fn list(caller: Caller, asked: Asked) -> Response {
    let work = || {
        let language = match asked.text("lang")?.as_deref() {
            Some("ja") => Language::Japanese,
            Some("zh_tw") => Language::Chinese,
            Some("vi") => Language::Vietnamese,
            Some("th") => Language::Thai,
            _ => Language::English,
        };
        let lines = LINES.iter().map(|(name, texts)| Line {
            name: *name,
            description: texts[language as usize],
        });
        Ok(Answer::of(lines.collect::<Vec<_>>()))
    };
    caller.answer("list", None, work).await
}
