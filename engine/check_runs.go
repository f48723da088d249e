package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"penstock/store"
)

// runs holds what is kept of reconciliations together: numbers without a gap, no
// more than are kept, and of each run as many findings as it says.
func (k *check) runs(tx store.Tx) error {
	first, last, kept := map[string]uint64{}, map[string]uint64{}, 0
	err := scoped(k, tx, bucketBooksRun, func(s Scope, id string, r *BooksRun) error {
		account, number, ok := strings.Cut(id, "\x00")
		if !ok || len(number) != 8 || binary.BigEndian.Uint64([]byte(number)) != r.Seq {
			k.found("run %d of a reconciliation stands where another belongs", r.Seq)
			return nil
		}
		of := string(s.key(account))
		if before := last[of]; before == 0 {
			first[of] = r.Seq
		} else if before+1 != r.Seq {
			k.found("the runs of account %s have a gap before %d", account, r.Seq)
		}
		if last[of] = r.Seq; r.Seq-first[of] >= MaxRuns {
			k.found("account %s keeps more than %d runs", account, MaxRuns)
		}
		if r.Kept == 0 {
			return nil
		}
		kept++
		found, err := load[[]RunFinding](tx, bucketRunFound, runKey(s, account, r.Seq))
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, errDecode) {
			k.found("the findings of run %d of account %s: %v", r.Seq, account, err)
			kept--
			return nil
		}
		if err != nil {
			return fmt.Errorf("check a run: %w", err)
		}
		if len(*found) != r.Kept {
			k.found("run %d of account %s has %d findings and says %d", r.Seq, account, len(*found), r.Kept)
		}
		return nil
	})
	if err != nil {
		return err
	}
	n := 0
	if err := each(tx, bucketRunFound, nil, func(store.Pair) error { n++; return nil }); err != nil {
		return err
	}
	if n != kept {
		k.found("there are findings of %d runs, and %d runs have some", n, kept)
	}
	return nil
}
