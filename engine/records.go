package engine

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/tinylib/msgp/msgp"

	"penstock/store"
)

// Buckets. Everything of a merchant starts with its scope; due, keys, audit
// and meta are the appliance's own.
const (
	bucketMeta     = "meta"     // fixed names -> value
	bucketMerchant = "merchant" // id -> Merchant
	bucketKey      = "apikey"   // SHA-256 of the key -> Key
	bucketKeyID    = "apikeyid" // key id -> SHA-256 of the key
	bucketAudit    = "audit"    // sequence -> Act, hash-chained
	bucketDue      = "due"      // time | kind | scope | id -> nothing

	bucketRequest     = "request"      // scope | id -> Request, with its payouts and its history
	bucketRef         = "ref"          // scope | merchant's own id -> request id
	bucketPayment     = "payment"      // scope | id -> Payment
	bucketPayRef      = "payment_ref"  // scope | merchant's own id -> payment id
	bucketRefund      = "refund"       // scope | refund id -> payment id
	bucketPaying      = "paying"       // scope | customer | 0 | payment id -> nothing: the provider is asked something of it
	bucketLink        = "link"         // scope | payout link id -> request id
	bucketRecent      = "by_customer"  // scope | customer | 0 | request id -> nothing
	bucketWants       = "wants"        // scope | request id -> nothing: those that want a person
	bucketStages      = "stages"       // scope | stage, or a status of payouts | 0 | request id, or the first characters of ids -> nothing; scope -> id up to which that is so
	bucketOrder       = "order"        // scope | keyed hash of an order's name | 0 | request id -> nothing; scope -> id down to which that is so
	bucketOnce        = "once"         // scope | operation | 0 | keyed hash of the key -> onceRecord
	bucketBack        = "back"         // scope | tag | request id of what was brought back and not asked for again -> nothing
	bucketHistory     = "history"      // scope | request id | sequence -> lines that no longer fit into the record
	bucketCustomer    = "customer"     // scope | id -> Customer
	bucketMethod      = "method"       // scope | id -> Method
	bucketOwned       = "method_of"    // scope | customer | 0 | method id -> nothing
	bucketPrint       = "fingerprint"  // scope | customer | 0 | fingerprint -> method id
	bucketAccount     = "account"      // scope | id -> ProviderAccount
	bucketDeposit     = "deposit"      // scope | id -> Deposit
	bucketBalance     = "balance"      // scope | deposit id -> balance
	bucketPosting     = "posting"      // scope | deposit id | 0 | sequence -> ledger.Posting
	bucketPoint       = "point"        // scope | id -> Point
	bucketRoute       = "route"        // scope | id -> Route
	bucketTally       = "tally"        // scope | route id -> tally
	bucketScheme      = "scheme"       // scope | id -> Scheme
	bucketRevision    = "revision"     // scope | scheme | 0 | service | 0 | revision -> ServiceScheme
	bucketRates       = "rates"        // scope | id -> RateScheme
	bucketSheet       = "sheet"        // resource -> fx.Sheet
	bucketQuote       = "quote"        // scope | id -> fx.Quote
	bucketQueue       = "queue"        // scope | service | 0 | request id -> nothing: it waits for money
	bucketChoice      = "choice"       // scope | request id | 0 | place -> Choice that no longer fits into the record
	bucketReported    = "reported"     // scope | account | 0 | line id -> ReportLine
	bucketReportedAt  = "reported_at"  // scope | account | 0 | day | 0 | line id -> nothing
	bucketReportedOf  = "reported_of"  // scope | account | 0 | payout | 0 | line id -> nothing
	bucketReportedDue = "reported_due" // scope | account | 0 | line id -> nothing: nobody has looked at it yet
	bucketReconciled  = "reconciled"   // scope | account -> Reconciled
	bucketBooksRun    = "books_run"    // scope | account | 0 | sequence -> BooksRun
	bucketRunFound    = "run_found"    // scope | account | 0 | sequence of the run -> its RunFindings
	bucketStanding    = "standing"     // scope | deposit id -> Standing: what the provider says is on it
	bucketEndpoint    = "endpoint"     // scope | id -> Endpoint
	bucketDelivery    = "delivery"     // scope | id -> Delivery
	bucketArchived    = "archived"     // a segment's name -> ArchiveSegment
)

// Ordered are the buckets whose keys only grow, which a store may pack
// densely.
func Ordered() []string {
	return []string{bucketRequest, bucketDelivery, bucketAudit, bucketDue}
}

// Lazy are the buckets that are written all the time with keys in any order,
// which a store may write to the end of a log first.
func Lazy() []string {
	return []string{bucketOnce, bucketRef, bucketRecent, bucketOrder, bucketCustomer, bucketMethod, bucketOwned, bucketPrint}
}

// Mode keeps test and live apart. The two never meet in one key.
type Mode string

const (
	Test Mode = "test"
	Live Mode = "live"
)

// Scope is what everything belongs to.
type Scope struct {
	Merchant string
	Mode     Mode
}

// prefix is the first part of every key of the scope. Merchant ids bear no
// zero byte, so no scope's prefix is the beginning of another's.
func (s Scope) prefix() []byte { return s.appendPrefix(nil, 0) }

// appendPrefix appends it to b, and makes room for more bytes behind it.
func (s Scope) appendPrefix(b []byte, more int) []byte {
	b = append(slices.Grow(b, len(s.Merchant)+2+more), s.Merchant...)
	m := byte('t')
	if s.Mode == Live {
		m = 'l'
	}
	return append(b, 0, m)
}

// name is the prefix as a text, with what else a name in memory begins and ends with.
func (s Scope) name(before string, behind ...string) string {
	b := make([]byte, 0, 128)
	b = s.appendPrefix(append(b, before...), 0)
	for _, part := range behind {
		b = append(b, part...)
	}
	return string(b)
}

// key joins parts below the scope's prefix; a zero byte ends each but the last.
func (s Scope) key(parts ...string) []byte {
	size := len(parts)
	for _, p := range parts {
		size += len(p)
	}
	b := s.appendPrefix(nil, size)
	for i, p := range parts {
		if i > 0 {
			b = append(b, 0)
		}
		b = append(b, p...)
	}
	return b
}

// cutScope takes the scope off the front of a key.
func cutScope(key []byte) (Scope, []byte, error) {
	i := bytes.IndexByte(key, 0)
	if i > 0 && i+1 < len(key) {
		switch key[i+1] {
		case 't':
			return Scope{string(key[:i]), Test}, key[i+2:], nil
		case 'l':
			return Scope{string(key[:i]), Live}, key[i+2:], nil
		}
	}
	return Scope{}, nil, fmt.Errorf("key of %d bytes bears no scope", len(key))
}

// after is the first key past every key with the prefix; nil when there is none.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// Kinds of due rows.
const (
	duePayout   = 'p' // a payout of a request
	dueDelivery = 'd'
	dueRequest  = 'r' // the request itself: its expiry
	dueStep     = 's' // the request itself: its next step
	dueErase    = 'e' // a redacted customer, whose key is to be destroyed
	duePayment  = 'm' // money that comes in, of which the provider was asked something
)

// dueKey places work in time. Times before 1970 do not occur.
func dueKey(at time.Time, kind byte, s Scope, id string) []byte {
	b := make([]byte, 9, 9+len(s.Merchant)+2+len(id))
	binary.BigEndian.PutUint64(b, uint64(at.UnixMicro()))
	b[8] = kind
	return append(s.appendPrefix(b, len(id)), id...)
}

type dueRow struct {
	at   time.Time
	kind byte
	Scope
	id string
}

func parseDue(key []byte) (dueRow, error) {
	if len(key) < 10 {
		return dueRow{}, fmt.Errorf("due row of %d bytes", len(key))
	}
	s, id, err := cutScope(key[9:])
	if err != nil {
		return dueRow{}, fmt.Errorf("due row: %w", err)
	}
	return dueRow{time.UnixMicro(int64(binary.BigEndian.Uint64(key))).UTC(), key[8], s, string(id)}, nil
}

// moveDue keeps the index to the record: the row stands exactly where the
// record says that it is due, and nowhere when that is never.
func moveDue(tx store.Tx, kind byte, s Scope, id string, from, to time.Time) error {
	if from.Equal(to) {
		return nil
	}
	if !from.IsZero() {
		if err := tx.Delete(bucketDue, dueKey(from, kind, s, id)); err != nil {
			return fmt.Errorf("clear due row: %w", err)
		}
	}
	if to.IsZero() {
		return nil
	}
	if err := tx.Put(bucketDue, dueKey(to, kind, s, id), nil); err != nil {
		return fmt.Errorf("write due row: %w", err)
	}
	return nil
}

// codec is how records are written, but for those that have a form of their own:
// the same bytes for the same record.
var codec = json.JoinOptions(json.Deterministic(true), jsonv1.FormatDurationAsNano(true))

// load reads one record; store.ErrNotFound comes back as it is.
func load[T any](tx store.Tx, bucket string, key []byte) (*T, error) {
	raw, err := tx.Get(bucket, key)
	if err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		return nil, fmt.Errorf("read %s: %w", bucket, err)
	}
	return decode[T](bucket, raw)
}

func decode[T any](bucket string, raw []byte) (*T, error) {
	v := new(T)
	var err error
	packed, isPacked := any(v).(msgp.Unmarshaler)
	own, isOwn := any(v).(encoding.BinaryUnmarshaler)
	switch {
	case isOwn:
		err = own.UnmarshalBinary(raw)
	case isPacked && !isJSON(raw):
		if r, ok := packed.(*Request); ok {
			r.History = make([]Line, 0, mostLines)
		}
		err = unpack(raw, packed)
	default:
		err = json.Unmarshal(raw, v, codec)
	}
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", errDecode, bucket, err)
	}
	return v, nil
}

// errDecode says that a record's bytes are whole and make no sense.
var errDecode = errors.New("decode")

// keep writes one record.
func keep(tx store.Tx, bucket string, key []byte, v any) error {
	room := recordRoom.Get().(*[]byte)
	defer recordRoom.Put(room)
	raw, err := appendRecord((*room)[:0], v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", bucket, err)
	}
	if cap(raw) <= mostRoom {
		*room = raw
	}
	if err := tx.Put(bucket, key, raw); err != nil {
		return fmt.Errorf("write %s: %w", bucket, err)
	}
	return nil
}

func appendRecord(dst []byte, v any) ([]byte, error) {
	switch own := v.(type) {
	case encoding.BinaryAppender:
		return own.AppendBinary(dst)
	case msgp.Marshaler:
		return own.MarshalMsg(dst)
	}
	raw, err := json.Marshal(v, codec)
	return append(dst, raw...), err
}

// recordRoom is room to encode records in, which a store copies as it takes them. What
// stood in it before means nothing.
var recordRoom = sync.Pool{New: func() any { return new([]byte) }}

// mostRoom is the largest that is used again; records are one or two kilobytes.
const mostRoom = 64 << 10

// each calls fn for every pair of the prefix in key order, a page at a time.
func each(tx store.Tx, bucket string, prefix []byte, fn func(store.Pair) error) error {
	from, to := append([]byte(nil), prefix...), after(prefix)
	if len(from) == 0 {
		from = nil
	}
	for {
		page, err := tx.Scan(bucket, from, to, 1000, false)
		if err != nil {
			return fmt.Errorf("scan %s: %w", bucket, err)
		}
		for _, p := range page {
			if err := fn(p); err != nil {
				return err
			}
		}
		if len(page) < 1000 {
			return nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
}
