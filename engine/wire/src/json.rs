use crate::*;
pub fn write_answer_line(_o: &mut Vec<u8>, _r: RequestId, _a: &Answer) {}
pub fn write_push_line(_o: &mut Vec<u8>, _p: &Push) {}
pub fn read_request_line(_l: &[u8]) -> Result<Request, (RequestId, WireError)> {
    Err((RequestId(0), WireError::new(ErrorCode::Malformed, "x")))
}
