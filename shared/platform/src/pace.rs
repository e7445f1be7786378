//! The pace of waiting. Deadlines of provider calls are measured on it, so a host with a movable clock
//! can make them follow that clock.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// A wait that ends when its time is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How waiting is done: in real time, or by a clock that somebody moves.
#[derive(Clone)]
pub struct Pace(Option<Arc<dyn Fn(Duration) -> Sleep + Send + Sync>>);

impl Pace {
    /// Waits in real time; needs a Tokio runtime with its timer enabled.
    pub const fn real() -> Self {
        Self(None)
    }

    /// Waits as `sleep` does.
    pub fn by(sleep: Arc<dyn Fn(Duration) -> Sleep + Send + Sync>) -> Self {
        Self(Some(sleep))
    }

    /// A wait of `time`.
    pub fn sleep(&self, time: Duration) -> Sleep {
        match &self.0 {
            None => Box::pin(tokio::time::sleep(time)),
            Some(sleep) => sleep(time),
        }
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "Pace::real()",
            Some(_) => "Pace::by(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test]
    async fn a_given_pace_is_asked_for_every_wait() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let pace = Pace::by(Arc::new(move |time| {
            log.lock().expect("not poisoned").push(time);
            Box::pin(std::future::ready(()))
        }));
        pace.sleep(Duration::from_secs(3600)).await;
        assert_eq!(
            *asked.lock().expect("not poisoned"),
            [Duration::from_secs(3600)]
        );
    }

    #[tokio::test]
    async fn the_real_pace_waits() {
        Pace::real().sleep(Duration::from_millis(1)).await;
    }
}
