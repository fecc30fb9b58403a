use crate::*;
pub fn command(_c: &Command) -> Result<(), WireError> {
    Ok(())
}
pub fn body(b: &Packed<vocabulary::Body>) -> Result<(), WireError> {
    b.check().map(|_| ()).map_err(|_| WireError::field(ErrorCode::Malformed, "body", "bad"))
}
pub fn cut_details(_d: &mut vocabulary::HandOffDetails) -> bool {
    false
}
