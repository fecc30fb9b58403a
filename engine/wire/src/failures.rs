//! What is wrong with the changes of an `apply`: all of it in one refusal.

use crate::command::Change;
use crate::directory::ObjectRef;
use crate::error::WireError;
use crate::limits::{FAILURES_BYTES, FAILURES_TOLD};

/// Collects failures of changes. Those beyond [`FAILURES_TOLD`] are counted.
#[derive(Debug, Default)]
pub struct Failures {
    first: Option<WireError>,
    lines: String,
    told: usize,
    more: usize,
}

impl Failures {
    /// Notes what is wrong with the change at this place in the list. Its field may be that of the
    /// object alone (`members`), or begin with `object`.
    pub fn note(&mut self, at: usize, change: &Change, error: WireError) {
        if self.told == FAILURES_TOLD || self.lines.len() > FAILURES_BYTES {
            self.more += 1;
            return;
        }
        let object = object_of(change);
        let field = match error.field.as_str() {
            "" => format!("changes[{at}].object"),
            field if field == "if_version" || field.starts_with("object") => {
                format!("changes[{at}].{field}")
            }
            field => format!("changes[{at}].object.{}.{field}", object.kind()),
        };
        let message = format!("{object}: {}", error.message);
        self.lines += &format!("\n{field}: {message}");
        self.told += 1;
        self.first.get_or_insert(WireError { field, message, ..error });
    }

    /// Nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Nothing is wrong, or the refusal: code and field of the first failure, and every one a line of
    /// the message when there are several.
    ///
    /// # Errors
    /// Something was noted.
    pub fn into_result(self) -> Result<(), WireError> {
        let Some(first) = self.first else { return Ok(()) };
        let all = self.told + self.more;
        if all == 1 {
            return Err(first);
        }
        let mut message = format!("{all} changes cannot be made, so none is:{}", self.lines);
        if self.more > 0 {
            message += &format!("\nand {} more", self.more);
        }
        Err(WireError { message, ..first })
    }
}

/// What a change is about.
fn object_of(change: &Change) -> ObjectRef {
    match change {
        Change::Put(put) => put.object.reference(),
        Change::Delete(delete) => delete.object.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{DeleteChange, PutChange};
    use crate::directory::{Agent, Object, Queue};
    use crate::error::ErrorCode;

    fn put(object: Object) -> Change {
        Change::Put(PutChange { object: Box::new(object), if_version: None })
    }

    fn error(field: &str) -> WireError {
        WireError::field(ErrorCode::Malformed, field, "no")
    }

    #[test]
    fn a_field_names_the_change_and_what_of_it() {
        let queue = put(Object::Queue(Queue::new("web", "help")));
        let gone = Change::Delete(DeleteChange {
            object: ObjectRef::Queue("web".into(), "help".into()),
            if_version: Some(1),
        });
        for (change, field, expected) in [
            (&queue, "members", "changes[3].object.queue.members"),
            (&queue, "object.queue.members", "changes[3].object.queue.members"),
            (&queue, "if_version", "changes[3].if_version"),
            (&queue, "", "changes[3].object"),
            (&gone, "object", "changes[3].object"),
        ] {
            let mut failures = Failures::default();
            failures.note(3, change, error(field));
            let refusal = failures.into_result().unwrap_err();
            assert_eq!((&*refusal.field, &*refusal.message), (expected, "queue web/help: no"));
        }
        assert_eq!(Failures::default().into_result(), Ok(()));
    }

    #[test]
    fn several_failures_are_told_at_once_and_not_without_end() {
        let refusal = |count: usize, message: &str| {
            let mut failures = Failures::default();
            for at in 0..count {
                let error = WireError::field(ErrorCode::Malformed, "seats", message);
                failures.note(at, &put(Object::Agent(Agent::new("ana", 1))), error);
            }
            failures.into_result().unwrap_err()
        };
        let told = refusal(2, "no");
        assert_eq!(told.field, "changes[0].object.agent.seats");
        let line = "changes[1].object.agent.seats: agent ana: no";
        assert_eq!(told.message.lines().nth(2), Some(line), "{}", told.message);
        let told = refusal(10_000, "no").message;
        assert_eq!(told.lines().count(), FAILURES_TOLD + 2);
        assert!(told.starts_with("10000 changes") && told.ends_with("and 9950 more"), "{told}");
        let told = refusal(10_000, &"x".repeat(10_000)).message;
        assert!(told.len() < FAILURES_BYTES + 11_000, "{} bytes", told.len());
    }
}
