package service

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/money"
)

// File is one operator file: JSON, in the schema that DESIGN.md tells.
type File struct {
	Name string // for errors
	Data []byte
}

// MaxFile bounds an operator file, in bytes.
const MaxFile = 4 << 20

// FileError says which place of an operator file broke which rule.
type FileError struct {
	File string
	Path string // a JSON pointer, "/services/0/fields/2/regexp"; empty for the whole
	Rule string // a sentence without its subject
}

func (e *FileError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s: the file %s", e.File, e.Rule)
	}
	return fmt.Sprintf("%s: %s %s", e.File, e.Path, e.Rule)
}

// With is d with what operator files add and change, in their order; d itself
// stays as it is. The error is a *FileError, and then nothing was taken.
func (d *Directory) With(files ...File) (*Directory, error) {
	b := edit(d)
	for _, f := range files {
		if err := b.read(f); err != nil {
			return nil, err
		}
	}
	return b.finish(), nil
}

// The schema of a file. What a file may say twice, in a method and in one of
// its services, the service's word counts for.
type (
	contents struct {
		Currencies []currencyEntry `json:"currencies"`
		Methods    []methodEntry   `json:"methods"`
		Services   []serviceEntry  `json:"services"`
		Providers  []providerEntry `json:"providers"`
	}
	currencyEntry struct {
		Code     string `json:"code"`
		Exponent *int   `json:"exponent"`
	}
	methodEntry struct {
		Code   string       `json:"code"`
		Label  Text         `json:"label"`
		Form   string       `json:"form"` // one of FindMethod's, which then checks and masks
		Kind   Kind         `json:"kind"` // without a form: bank, wallet or bank_redirect
		Fields []fieldEntry `json:"fields"`
	}
	serviceEntry struct {
		Code     string                 `json:"code"`
		Method   string                 `json:"method"`
		Currency string                 `json:"currency"`
		Min      string                 `json:"amount_min"`
		Max      string                 `json:"amount_max"`
		Status   string                 `json:"status"`
		Fields   []fieldEntry           `json:"fields"` // absent: the method's
		Refine   map[string]refineEntry `json:"refine"` // fields by key, where they differ from the method's
		Ranges   []rangeEntry           `json:"ranges"` // instead of code, currency and amounts: a service for each currency
		// Published schemas may have it; nothing here needs it.
		Delimiters jsontext.Value `json:"field_delimiters"`
	}
	rangeEntry struct {
		Currencies []string `json:"currencies"`
		Min        string   `json:"amount_min"`
		Max        string   `json:"amount_max"`
	}
	refineEntry struct {
		Regexp  string `json:"regexp"`
		Example string `json:"example"`
	}
	fieldEntry struct {
		Key      string       `json:"key"`
		To       string       `json:"to"` // the form's key, where it is another
		Type     string       `json:"type"`
		Label    Text         `json:"label"`
		Hint     Text         `json:"hint"`
		Regexp   string       `json:"regexp"`
		Required bool         `json:"required"`
		Position int          `json:"position"`
		Example  string       `json:"example"`
		Options  FieldOptions `json:"options"`
		// For methods without a form:
		Show       bool  `json:"show"`       // it may be seen by everybody
		Identifies *bool `json:"identifies"` // another value is another account; true where absent
		Max        int   `json:"max"`        // characters
	}
	providerEntry struct {
		Name        string       `json:"name"`
		Label       string       `json:"label"`
		Aliases     []string     `json:"aliases"`
		Features    []string     `json:"features"`
		Modes       []string     `json:"modes"`
		Credentials []Credential `json:"credentials"`
		Methods     []string     `json:"methods"` // all services of these; "*" for all methods
		Except      []string     `json:"except"`  // but not of these
		Services    []string     `json:"services"`
	}
)

// wrong is a rule broken at a place of the file being read.
type wrong struct {
	path string
	rule string
}

func (w *wrong) Error() string { return w.path + " " + w.rule }

func wrongf(path, format string, args ...any) error {
	return &wrong{path, fmt.Sprintf(format, args...)}
}

// read takes one file.
func (b *builder) read(f File) error {
	err := b.take(f)
	var w *wrong
	if errors.As(err, &w) {
		return &FileError{File: f.Name, Path: w.path, Rule: w.rule}
	}
	return err
}

func (b *builder) take(f File) error {
	if len(f.Data) > MaxFile {
		return wrongf("", "must have at most %d bytes", MaxFile)
	}
	var c contents
	if err := json.Unmarshal(f.Data, &c, json.RejectUnknownMembers(true)); err != nil {
		return misread(err)
	}
	b.file, b.said = f.Name, map[string]bool{}
	for i, e := range c.Currencies {
		if err := b.currency(fmt.Sprintf("/currencies/%d", i), e); err != nil {
			return err
		}
	}
	for i := range c.Methods {
		if err := b.method(fmt.Sprintf("/methods/%d", i), &c.Methods[i]); err != nil {
			return err
		}
	}
	for i := range c.Services {
		if err := b.service(fmt.Sprintf("/services/%d", i), &c.Services[i]); err != nil {
			return err
		}
	}
	for i := range c.Providers {
		if err := b.provider(fmt.Sprintf("/providers/%d", i), &c.Providers[i]); err != nil {
			return err
		}
	}
	return nil
}

// currency adds one that the table of money does not have. It stays known to
// the process if the file is refused for something else.
func (b *builder) currency(path string, e currencyEntry) error {
	if e.Exponent == nil {
		return wrongf(path+"/exponent", "is required: how many decimals the currency has")
	}
	if err := b.once(path+"/code", "currency", e.Code); err != nil {
		return err
	}
	a := money.Added{Code: e.Code, Exponent: *e.Exponent}
	if err := money.Add(a); err != nil {
		return wrongf(path, "is refused: %v", err)
	}
	if !slices.Contains(b.d.added, a) {
		b.d.added = append(slices.Clone(b.d.added), a)
	}
	return nil
}

// misread says in our words what is wrong with a text that doesn't fit the
// schema.
func misread(err error) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return wrongf(string(semantic.JSONPointer), "is not known here")
	case errors.As(err, &semantic):
		return wrongf(string(semantic.JSONPointer), "must be %s", kindOf(semantic.GoType))
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return wrongf(string(syntactic.JSONPointer), "is there twice")
	case errors.As(err, &syntactic):
		return wrongf(string(syntactic.JSONPointer), "is not JSON at byte %d: %v", syntactic.ByteOffset, syntactic.Err)
	}
	return wrongf("", "is not JSON: %v", err)
}

func kindOf(t reflect.Type) string {
	if t == nil {
		return "of another type"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// builder is a directory in the making.
type builder struct {
	d        Directory
	file     string
	inside   bool // reads the product's own data, which may say more
	said     map[string]bool
	patterns map[string]compiled
	shapes   map[string]map[string]Field // own forms: form -> key -> field
}

// edit starts from d, of which everything that changes is replaced, never
// written to.
func edit(d *Directory) *builder {
	b := &builder{patterns: map[string]compiled{}, shapes: map[string]map[string]Field{}, d: Directory{
		methods: cloned(d.methods), services: cloned(d.services), providers: cloned(d.providers), forms: cloned(d.forms), added: d.added,
	}}
	for name, form := range d.forms {
		b.shapes[name] = map[string]Field{}
		for _, field := range form.Fields {
			b.shapes[name][field.Key] = field
		}
	}
	return b
}

func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

// once refuses to speak of the same thing twice in one file.
func (b *builder) once(path, what, name string) error {
	if b.said[what+" "+name] {
		return wrongf(path, "is in this file twice: %s", name)
	}
	b.said[what+" "+name] = true
	return nil
}

// finish draws what follows from the whole.
func (b *builder) finish() *Directory {
	d := &b.d
	d.codes = slices.Sorted(maps.Keys(d.services))
	b.ownForms()
	b.expand()
	return d
}
