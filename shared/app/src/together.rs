//! Several futures at once within one task: what they wait for overlaps.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

/// Runs all of them to their ends; what each said, in their order.
pub(crate) async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut said: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, said) in running.iter_mut().zip(&mut said) {
            if said.is_none()
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                *said = Some(output);
            }
        }
        match said.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    said.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::*;

    #[tokio::test]
    async fn futures_that_wait_for_each_other_all_end_in_their_order() {
        let barrier = Barrier::new(3);
        let meet = async |number: u32| {
            barrier.wait().await;
            number
        };
        assert_eq!(all(vec![meet(1), meet(2), meet(3)]).await, [1, 2, 3]);
        assert_eq!(all(Vec::<std::future::Ready<()>>::new()).await, []);
    }
}
