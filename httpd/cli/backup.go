package cli

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// A backup is one age file (age-encryption.org/v1), encrypted to a recipient
// that follows from the master key; inside it, compressed by zstd, is a
// parcel. FILE.keys is a bare parcel with the keyring, whose keys are wrapped
// already.
//
// A parcel is a manifest, one line of JSON; chunks, each four bytes of length
// and the bytes; a length of zero; and a seal, one line of JSON with the
// number of bytes and their SHA-256. Nothing follows in format 1. In format 2, of
// stores that have or may have an archive, a parcel follows for each of its
// segments, and one without contents that counts them; then nothing.

// parcelVersion is the newest format that is read.
const parcelVersion = 2

// Kinds of a parcel.
const (
	parcelStore   = "store"
	parcelKeyring = "keyring"
	parcelSegment = "archive segment"
	parcelEnd     = "end"
)

// manifest is the first line of a parcel.
type manifest struct {
	Penstock string         `json:"penstock"` // the kind of the parcel
	Format   int            `json:"format"`
	Name     string         `json:"name,omitempty"` // of a segment
	Created  time.Time      `json:"created"`
	Version  string         `json:"version"` // of the penstock that wrote it
	Ring     string         `json:"ring"`    // names the keyring for ever
	Counts   map[string]int `json:"counts,omitempty"`
}

// seal is the last line of a parcel.
type seal struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const (
	maxManifest = 64 << 10
	maxChunk    = 16 << 20
)

// errDamaged says that a parcel is not whole.
var errDamaged = errors.New("the file is damaged or cut short")

// writeParcel writes what fill writes, with its manifest and seal. The format is
// 1 unless the manifest says another.
func writeParcel(w io.Writer, m manifest, fill func(io.Writer) error) error {
	m.Format = max(m.Format, 1)
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return err
	}
	c := &chunks{w: w, sum: sha256.New()}
	if err := fill(c); err != nil {
		return err
	}
	end, err := json.Marshal(seal{c.bytes, hex.EncodeToString(c.sum.Sum(nil))})
	if err != nil {
		return fmt.Errorf("encode seal: %w", err)
	}
	_, err = w.Write(append(append([]byte{0, 0, 0, 0}, end...), '\n'))
	return err
}

// chunks frames what is written to it.
type chunks struct {
	w     io.Writer
	sum   hash.Hash
	bytes int64
}

func (c *chunks) Write(p []byte) (n int, err error) {
	for n < len(p) {
		part := p[n:min(len(p), n+maxChunk)]
		if _, err := c.w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))); err != nil {
			return n, err
		}
		if _, err := c.w.Write(part); err != nil {
			return n, err
		}
		c.sum.Write(part)
		c.bytes += int64(len(part))
		n += len(part)
	}
	return n, nil
}

// readManifest reads the first line of a parcel of one of the kinds.
func readManifest(r *bufio.Reader, kinds ...string) (manifest, error) {
	var m manifest
	line, err := readLine(r)
	if err != nil {
		return m, err
	}
	if json.Unmarshal(line, &m) != nil || !slices.Contains(kinds, m.Penstock) {
		return m, fmt.Errorf("this is not a penstock %s", kinds[0])
	}
	if m.Format < 1 || m.Format > parcelVersion {
		return m, fmt.Errorf("the file has format %d and this penstock reads up to %d: use a newer penstock", m.Format, parcelVersion)
	}
	return m, nil
}

func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil || len(line) > maxManifest {
		return nil, errors.Join(errDamaged, noEOF(err))
	}
	return line, nil
}

// noEOF drops the errors that say no more than errDamaged does.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, bufio.ErrBufferFull) {
		return nil
	}
	return err
}

// readParcel copies the contents after the manifest of the last parcel to w; only
// when it returns nil were they whole, and all that there is.
func readParcel(r *bufio.Reader, w io.Writer) (int64, error) {
	n, err := readContents(r, w)
	if err == nil {
		err = noMore(r)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

// noMore says that nothing follows.
func noMore(r *bufio.Reader) error {
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.Join(errDamaged, noEOF(err))
	}
	return nil
}

// readContents is readParcel for a parcel after which others may follow.
func readContents(r *bufio.Reader, w io.Writer) (int64, error) {
	sum := sha256.New()
	to := io.MultiWriter(w, sum)
	var bytes int64
	for {
		var head [4]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 0, errors.Join(errDamaged, noEOF(err))
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		if n == 0 {
			break
		}
		if n > maxChunk {
			return 0, errDamaged
		}
		if _, err := io.CopyN(to, r, n); err != nil {
			return 0, errors.Join(errDamaged, noEOF(err))
		}
		bytes += n
	}
	line, err := readLine(r)
	if err != nil {
		return 0, err
	}
	var end seal
	if json.Unmarshal(line, &end) != nil || end.Bytes != bytes || end.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
		return 0, errDamaged
	}
	return bytes, nil
}

// backup writes the store as of one moment to w, compressed and encrypted,
// while the appliance goes on.
func (a *appliance) backup(ctx context.Context, w io.Writer) error {
	to, err := a.recipient()
	if err != nil {
		return err
	}
	counts, err := a.counts(ctx)
	if err != nil {
		return err
	}
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return fmt.Errorf("encrypt backup: %w", err)
	}
	small, err := zstd.NewWriter(sealed, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("compress backup: %w", err)
	}
	err = a.writeBackup(ctx, small, counts)
	if err := errors.Join(err, small.Close()); err != nil {
		return err // without its end the file can't be taken for whole
	}
	if err := sealed.Close(); err != nil {
		return fmt.Errorf("encrypt backup: %w", err)
	}
	// Who copied everything away, and how old the last backup is, stands in the
	// audit log. The backup is whole whether or not that can be written.
	if err := a.engine.Note(ctx, keeper(), actBackup, "", ""); err != nil {
		a.log.Warn("the backup is not in the audit log", "err", err)
	}
	return nil
}

// keyring writes the wrapped data keys to w. It must be taken after the store
// whose records it is to open: a key is in the keyring before anything is
// sealed under it.
func (a *appliance) keyring(ctx context.Context, w io.Writer) error {
	if a.locker.Status().Sealed {
		return errSealed() // it can't say whose it is
	}
	return writeParcel(w, a.manifest(parcelKeyring, nil), func(w io.Writer) error { return a.keys.Snapshot(ctx, w) })
}

func (a *appliance) manifest(kind string, counts map[string]int) manifest {
	return manifest{Penstock: kind, Created: time.Now().UTC().Truncate(time.Second), Version: readVersion().Version, Ring: a.locker.Status().Ring, Counts: counts}
}

// counts is what a backup has at the least, for a person to compare.
func (a *appliance) counts(ctx context.Context) (map[string]int, error) {
	acts, err := a.engine.Acts(ctx, 0, 1)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{"audit": 0}
	for _, l := range acts {
		counts["audit"] = int(l.Seq)
	}
	return counts, nil
}

// openBackup decrypts a backup and reads its manifest. The reader that it
// returns is for readParcel.
func openBackup(r io.Reader, identity age.Identity) (manifest, *bufio.Reader, func(), error) {
	plain, err := age.Decrypt(r, identity)
	var wrong *age.NoIdentityMatchError
	switch {
	case errors.As(err, &wrong):
		return manifest{}, nil, nil, withNext(errors.New("the backup was made under another master key"), "give the master key that the appliance had then")
	case err != nil:
		return manifest{}, nil, nil, fmt.Errorf("this is not a penstock backup, or its head is damaged: %w", err)
	}
	large, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return manifest{}, nil, nil, fmt.Errorf("decompress backup: %w", err)
	}
	buffered := bufio.NewReaderSize(large, maxManifest)
	m, err := readManifest(buffered, parcelStore)
	if err != nil {
		large.Close()
		return m, nil, nil, err
	}
	return m, buffered, large.Close, nil
}
