package main

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// dropHighBits clears the bits over 64 of all varints: protobuf-go refuses them, pdata and protobuf in other languages
// drop them. It walks the fields, since other bytes may look like such a varint.
func dropHighBits(message protoreflect.MessageDescriptor, body []byte) (result []byte, changed bool) {
	w := walker{bytes: slices.Clone(body)}
	w.message(message, len(body))
	return w.bytes, w.changed
}

// walker goes on as far as the bytes are protobuf: what is wrong with the rest, the parser says.
type walker struct {
	bytes   []byte
	at      int
	changed bool
}

func (w *walker) message(message protoreflect.MessageDescriptor, end int) {
	groups := 0
	for w.at < end {
		tag := w.varint()
		var field protoreflect.FieldDescriptor
		if groups == 0 {
			field = message.Fields().ByNumber(protoreflect.FieldNumber(tag >> 3))
		}
		switch protowire.Type(tag & 7) {
		case protowire.VarintType:
			w.varint()
		case protowire.Fixed64Type:
			w.at += 8
		case protowire.Fixed32Type:
			w.at += 4
		case protowire.StartGroupType:
			groups++
		case protowire.EndGroupType:
			groups--
		case protowire.BytesType:
			length := w.varint()
			if length > uint64(end-min(w.at, end)) {
				w.at = len(w.bytes)
				return
			}
			w.value(field, w.at+int(length))
		default:
			w.at = len(w.bytes)
		}
	}
}

func (w *walker) value(field protoreflect.FieldDescriptor, end int) {
	switch {
	case field == nil:
	case field.Message() != nil:
		w.message(field.Message(), end)
	case field.IsPacked() && isVarint(field.Kind()):
		for w.at < end {
			w.varint()
		}
	}
	w.at = max(w.at, end)
}

// isVarint says so of the only kind of repeated varints that OTLP has.
func isVarint(kind protoreflect.Kind) bool { return kind == protoreflect.Uint64Kind }

func (w *walker) varint() uint64 {
	for length := 1; length <= 10 && w.at+length <= len(w.bytes); length++ {
		last := &w.bytes[w.at+length-1]
		if *last >= 0x80 {
			continue
		}
		if length == 10 && *last > 1 {
			*last &= 1
			w.changed = true
		}
		value, _ := protowire.ConsumeVarint(w.bytes[w.at:])
		w.at += length
		return value
	}
	w.at = len(w.bytes)
	return 0
}
