// Command oracle judges export requests for the tests: what would an OpenTelemetry Collector make of these bytes?
//
// It reads cases on stdin and answers each on stdout, in order; all numbers are little-endian.
//
//	case:   u8 signal (0 traces, 1 logs, 2 metrics), u8 encoding (0 protobuf, 1 JSON), u32 length, body
//	answer: u8 bits, u32 count by pdata, u32 count by the reference, u64 canonical, u64 content,
//	        u16 length and text of pdata's error, u16 length and text of the reference's error
//	bits:   1 pdata accepts, 2 the reference accepts, 4 the request uses fields only profiles need,
//	        8 the reference was asked again, about the body with its too large varints cut (dropHighBits)
//
// Two parsers are asked. pdata is the Collector's own. The reference is protobuf-go over the published messages, which
// says what protobuf means where pdata departs from it; it reads JSON through pdata's re-marshalled protobuf.
// `canonical` is a hash of the re-marshalled request of pdata. `content` is a sum of one hash for each span, log record
// or data point with its resource and scope, so that neither order nor grouping matters.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	pdataAccepts     = 1
	referenceAccepts = 2
	usesProfiles     = 4
	mended           = 8
)

const (
	encodingProtobuf = 0
	encodingJSON     = 1
	maxErrorText     = 500
)

// The bits of a NaN mean nothing, but those that Go parses from text differ from those of most others.
var (
	nanOfGo     = []byte{1, 0, 0, 0, 0, 0, 0xf8, 0x7f}
	nanOfOthers = []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x7f}
)

type answer struct {
	bits           byte
	pdataCount     uint32
	referenceCount uint32
	canonical      uint64
	content        uint64
	pdataError     string
	referenceError string
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	if err := serve(in, out); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func serve(in *bufio.Reader, out *bufio.Writer) error {
	var head [6]byte
	var body []byte
	for {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if _, err := io.ReadFull(in, head[:]); errors.Is(err, io.EOF) {
			return out.Flush()
		} else if err != nil {
			return err
		}
		length := int(binary.LittleEndian.Uint32(head[2:]))
		if cap(body) < length {
			body = make([]byte, length)
		}
		body = body[:length]
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		if int(head[0]) >= len(signals) || head[1] > encodingJSON {
			return fmt.Errorf("case with signal %d and encoding %d", head[0], head[1])
		}
		if err := write(out, judge(signals[head[0]], head[1], body)); err != nil {
			return err
		}
	}
}

func judge(s signal, encoding byte, body []byte) (a answer) {
	request, err := unmarshal(s, encoding, body)
	wire := body
	if err != nil {
		a.pdataError = err.Error()
		if encoding == encodingJSON {
			return a
		}
	} else {
		marshalled, err := request.MarshalProto()
		if err != nil {
			a.pdataError = err.Error()
			return a
		}
		a.bits |= pdataAccepts
		a.pdataCount = uint32(request.count())
		a.canonical = hash(bytes.ReplaceAll(marshalled, nanOfGo, nanOfOthers))
		if encoding == encodingJSON {
			wire = marshalled
		}
	}
	content, err := s.reference(wire)
	if err != nil {
		if short, changed := dropHighBits(s.message, wire); changed {
			content, err = s.reference(short)
			content.bits |= mended
		}
	}
	if err != nil {
		a.referenceError = err.Error()
		return a
	}
	a.bits |= referenceAccepts | content.bits
	a.referenceCount = content.count
	a.content = content.sum
	return a
}

// unmarshal turns a panic of pdata into an error, so that one input does not end the run.
func unmarshal(s signal, encoding byte, body []byte) (request request, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	request = s.newRequest()
	if encoding == encodingJSON {
		return request, request.UnmarshalJSON(body)
	}
	return request, request.UnmarshalProto(body)
}

func write(out *bufio.Writer, a answer) error {
	var head [25]byte
	head[0] = a.bits
	binary.LittleEndian.PutUint32(head[1:], a.pdataCount)
	binary.LittleEndian.PutUint32(head[5:], a.referenceCount)
	binary.LittleEndian.PutUint64(head[9:], a.canonical)
	binary.LittleEndian.PutUint64(head[17:], a.content)
	if _, err := out.Write(head[:]); err != nil {
		return err
	}
	for _, text := range []string{a.pdataError, a.referenceError} {
		if len(text) > maxErrorText {
			text = text[:maxErrorText]
		}
		var length [2]byte
		binary.LittleEndian.PutUint16(length[:], uint16(len(text)))
		if _, err := out.Write(length[:]); err != nil {
			return err
		}
		if _, err := out.WriteString(text); err != nil {
			return err
		}
	}
	return nil
}
