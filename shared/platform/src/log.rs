//! Log lines on standard output, for the collector of the platform.

/// Starts logging. Format and level come from Lambda's own logging controls; the template sets JSON.
///
/// # Panics
/// When called a second time in one process.
pub fn init() {
    lambda_runtime::tracing::init_default_subscriber();
}
