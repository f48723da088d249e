package cli

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"penstock/engine"
)

// FuzzAnchorSlot: a slot that is taken is one that was written.
func FuzzAnchorSlot(f *testing.F) {
	f.Add(slot{engine.Head{Ring: "a1", Epoch: 1, Journal: 2}, 3}.encode())
	f.Add([]byte("penstock anchor 1\nring \nepoch 0\njournal 0\nsequence 0\nsha256 \n"))
	f.Add(bytes.Repeat([]byte{0}, anchorSlot))
	f.Fuzz(func(t *testing.T, block []byte) {
		if k, ok := parseSlot(block); ok && !bytes.Equal(k.encode(), block) {
			t.Fatalf("%q reads as %+v", block, k)
		}
	})
}

// FuzzParcel: what is taken for a whole backup is one, byte for byte, and no
// bytes make the reader fall over or take more than there is.
func FuzzParcel(f *testing.F) {
	var whole bytes.Buffer
	if err := writeParcel(&whole, manifest{Penstock: parcelStore}, func(w io.Writer) error { _, err := w.Write([]byte("records")); return err }); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/2])
	f.Add([]byte("{\"penstock\":\"" + parcelStore + "\",\"format\":1}\n\xff\xff\xff\xff"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(text), maxManifest)
		if _, err := readManifest(r, parcelStore); err != nil {
			return
		}
		var out bytes.Buffer
		n, err := readParcel(r, &out)
		if err == nil && int(n) != out.Len() || out.Len() > len(text) {
			t.Fatalf("%d bytes said, %d read of %d", n, out.Len(), len(text))
		}
	})
}
