//! The UDP socket of the endpoint, one packet a buffer.
//!
//! Whatever quinn keeps of a packet, it keeps all of the memory that the packet came in, and counts
//! the packet alone. The kernel hands over trains of up to 64 datagrams as one piece of memory, and a
//! datagram may carry packets of the handshake, damaged ones too, before one of a stream. A client
//! whose every byte leaves a gap and comes at the end of a train made the daemon hold 60 KB for each:
//! 2 GB for a session. So trains and such datagrams are taken apart here.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use quinn_proto::{DEFAULT_SUPPORTED_VERSIONS, FixedLengthConnectionIdParser, PartialDecode};

use super::CONNECTION_ID_BYTES;

/// Trains that are taken from the kernel at once.
const TRAINS: usize = 16;
/// Longest train, in bytes: what the length of a UDP datagram can say.
const TRAIN_BYTES: usize = 64 * 1024;
/// A first byte of a packet with a long header: one of the handshake.
const LONG_HEADER: u8 = 0x80;

/// A socket that hands over one packet a buffer.
pub(super) struct OneByOne {
    socket: Arc<dyn AsyncUdpSocket>,
    trains: Mutex<Trains>,
}

/// What was taken from the kernel, and how far it was handed over.
struct Trains {
    buffers: Vec<Box<[u8]>>,
    metas: [RecvMeta; TRAINS],
    received: usize,
    at: usize,
    from: usize,
}

impl OneByOne {
    /// Around a socket of quinn's.
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>) -> Arc<Self> {
        let buffers = (0..TRAINS).map(|_| vec![0; TRAIN_BYTES].into()).collect();
        let metas = [RecvMeta::default(); TRAINS];
        let trains = Mutex::new(Trains { buffers, metas, received: 0, at: 0, from: 0 });
        Arc::new(Self { socket, trains })
    }
}

impl Trains {
    /// Takes what the kernel has; everything of before was handed over.
    fn fill(&mut self, socket: &dyn AsyncUdpSocket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffers = self.buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer));
        let mut slices: [IoSliceMut<'_>; TRAINS] =
            std::array::from_fn(|_| buffers.next().expect("as many buffers as trains"));
        let received = ready!(socket.poll_recv(cx, &mut slices, &mut self.metas))?;
        (self.received, self.at, self.from) = (received, 0, 0);
        Poll::Ready(Ok(()))
    }

    /// The next packet, and what is known of its datagram.
    fn next(&mut self) -> Option<(&[u8], RecvMeta)> {
        while self.at < self.received {
            let meta = self.metas[self.at];
            if self.from < meta.len {
                let train = &self.buffers[self.at][..meta.len];
                // A datagram ends at its stride, counted from the start of the train.
                let stride = meta.stride.max(1);
                let end = meta.len.min((self.from / stride + 1) * stride);
                let length = first_part(&train[self.from..end]);
                let part = &train[self.from..self.from + length];
                self.from += length;
                return Some((part, RecvMeta { len: length, stride: length, ..meta }));
            }
            self.at += 1;
            self.from = 0;
        }
        None
    }
}

/// Bytes of a datagram that are handed over together: all of it, or what comes before the first packet
/// of a stream. Never 0 of a datagram that is not empty.
fn first_part(datagram: &[u8]) -> usize {
    let is_long = |bytes: &[u8]| bytes.first().is_some_and(|first| first & LONG_HEADER != 0);
    if !is_long(datagram) {
        return datagram.len();
    }
    let ids = FixedLengthConnectionIdParser::new(CONNECTION_ID_BYTES);
    let mut here = BytesMut::from(datagram);
    let mut length = 0;
    // As quinn reads it: what it cannot read it drops, with all that comes behind.
    while let Ok((packet, rest)) = PartialDecode::new(here, &ids, DEFAULT_SUPPORTED_VERSIONS, true)
    {
        length += packet.len();
        match rest {
            Some(rest) if is_long(&rest) => here = rest,
            Some(_) => return length,
            None => break,
        }
    }
    datagram.len()
}

impl AsyncUdpSocket for OneByOne {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut trains = self.trains.lock().expect("nothing panics while it holds the trains");
        let mut count = 0;
        loop {
            while count < buffers.len() {
                let Some((packet, meta)) = trains.next() else { break };
                // Longer ones than quinn has room for were cut by the kernel before.
                if let Some(buffer) = buffers[count].get_mut(..packet.len()) {
                    buffer.copy_from_slice(packet);
                    metas[count] = meta;
                    count += 1;
                }
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            ready!(trains.fill(&*self.socket, cx))?;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        1
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

impl fmt::Debug for OneByOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneByOne").field("socket", &self.socket).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    /// A packet of the handshake with so many bytes behind its header.
    fn long(bytes: usize) -> Vec<u8> {
        let mut packet = vec![0xe0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        packet.extend([0x40 | (bytes >> 8) as u8, bytes as u8]);
        packet.resize(packet.len() + bytes, 7);
        packet
    }

    fn short(bytes: usize) -> Vec<u8> {
        vec![0x41; bytes]
    }

    #[test]
    fn a_packet_of_a_stream_never_shares_its_memory() {
        let two = long(1000).len() + long(30).len();
        let cases = [
            (short(40), 40),
            (long(1000), long(1000).len()),
            ([long(1000), short(40)].concat(), long(1000).len()),
            ([long(1000), long(30), short(40)].concat(), two),
            ([long(1000), long(30)].concat(), two),
            // What quinn cannot read it drops whole.
            (long(1000)[..500].to_vec(), 500),
            (vec![0xff; 1200], 1200),
        ];
        for (number, (datagram, length)) in cases.into_iter().enumerate() {
            assert_eq!(first_part(&datagram), length, "case {number}");
        }
    }

    /// A socket that has these trains, each with its stride.
    #[derive(Debug)]
    struct Kernel(Mutex<Vec<(Vec<u8>, usize)>>);

    impl AsyncUdpSocket for Kernel {
        fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
            unreachable!("nothing is sent")
        }

        fn try_send(&self, _: &Transmit<'_>) -> io::Result<()> {
            unreachable!("nothing is sent")
        }

        fn poll_recv(
            &self,
            _: &mut Context<'_>,
            buffers: &mut [IoSliceMut<'_>],
            metas: &mut [RecvMeta],
        ) -> Poll<io::Result<usize>> {
            let trains = std::mem::take(&mut *self.0.lock().unwrap());
            if trains.is_empty() {
                return Poll::Pending;
            }
            for (at, (train, stride)) in trains.iter().enumerate() {
                buffers[at][..train.len()].copy_from_slice(train);
                metas[at] = RecvMeta { len: train.len(), stride: *stride, ..RecvMeta::default() };
            }
            Poll::Ready(Ok(trains.len()))
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            unreachable!("nobody asks")
        }
    }

    #[test]
    fn trains_come_out_packet_by_packet_and_in_order() {
        let mixed = [long(100), short(20)].concat();
        let trains = vec![
            ([short(50), short(50), short(7)].concat(), 50),
            (mixed.clone(), mixed.len()),
            (short(3), 3),
        ];
        let socket = OneByOne::new(Arc::new(Kernel(Mutex::new(trains))));
        let mut context = Context::from_waker(Waker::noop());
        let mut lengths = Vec::new();
        loop {
            let mut memory = [[0; 1472]; 2];
            let mut slices = memory.each_mut().map(|buffer| IoSliceMut::new(buffer));
            let mut metas = [RecvMeta::default(); 2];
            match socket.poll_recv(&mut context, &mut slices, &mut metas) {
                Poll::Ready(received) => {
                    for meta in &metas[..received.unwrap()] {
                        assert_eq!(meta.len, meta.stride);
                        lengths.push(meta.len);
                    }
                }
                Poll::Pending => break,
            }
        }
        assert_eq!(lengths, [50, 50, 7, long(100).len(), 20, 3]);
    }
}
