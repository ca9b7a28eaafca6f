package openwork

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/openwork-go/openwork/internal/xmlread"
)

// Envelope is a push as it was received: signed with our Token, still encrypted.
// Printed, logged or marshalled it shows how long it is: whoever reads more could
// send it again. To hand it on, take its fields.
type Envelope struct {
	Encrypt   string // base64 of the encrypted message, or the echostr of a URL check
	Signature string // of Token, Timestamp, Nonce and Encrypt
	Timestamp string
	Nonce     string

	// ToUserName and AgentID stand outside the signature: whoever repeats a push can change them. They may serve as a
	// hint where to look, never as a fact. Empty for a URL check.
	ToUserName, AgentID string
}

// incoming is a request that is being received: its Envelope, and what it was
// read from.
type incoming struct {
	Envelope
	began  time.Time
	digest digest    // Signature in binary
	frame  []byte    // Encrypt in binary
	at     time.Time // Timestamp
	body   []byte    // of the request
	doc    xmlread.Document
	quota
}

// Format shows no part that could be sent again.
func (e Envelope) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.Envelope{%d characters}", len(e.Encrypt))
}

// MarshalText is the same for encoders: package slog, JSON, XML, YAML.
func (e Envelope) MarshalText() ([]byte, error) { return fmt.Append(nil, e), nil }

// incomings are reused by Serve, for the memory of body and frame; nothing of
// one may be kept beyond that.
type incomings struct{ sync.Pool }

// get returns an empty one, whose body counts among all.
func (p *incomings) get(began time.Time, all *atomic.Int64) *incoming {
	in, ok := p.Get().(*incoming)
	if !ok {
		in = &incoming{}
	}
	in.began, in.quota = began, quota{all: all}
	return in
}

func (p *incomings) put(in *incoming) {
	if cap(in.body)+cap(in.frame) > mostReused {
		return
	}
	in.doc.Reset()
	*in = incoming{body: in.body[:0], frame: in.frame[:0], doc: in.doc}
	p.Put(in)
}

// bodyTimeout is how long a body may take to arrive: WeCom itself gives up after five seconds.
const bodyTimeout = 2500 * time.Millisecond

// maxQuery is more than an echostr needs; net/http lets a megabyte through.
const maxQuery = 8 << 10

// receive takes a request apart and checks its shape; nothing is hashed yet.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, in *incoming) error {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return refused(ErrMethod, CheckMethod, show(r.Method), http.MethodGet, http.MethodPost)
	}
	if err := in.readQuery(r.URL.RawQuery, r.Method == http.MethodGet); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := s.readBody(w, r, in); err != nil {
			return err
		}
	}
	var ok bool
	if in.frame, ok = decodeCiphertext(in.frame, in.Encrypt); !ok {
		return refused(ErrMalformed, CheckEnvelope,
			fmt.Sprintf("%d characters that are not strict base64 of a multiple of 32 bytes", len(in.Encrypt)))
	}
	return nil
}

// readQuery finds the parameters that WeCom signs. It parses the query itself: url.ParseQuery drops what it does not
// understand, and takes the first of several. Other parameters may be there, a router's own or $CORPID$.
func (in *incoming) readQuery(raw string, urlCheck bool) error {
	if len(raw) > maxQuery {
		return refused(ErrMalformed, CheckQuery, fmt.Sprintf("%d bytes", len(raw)))
	}
	for rest := raw; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		key, value, _ := strings.Cut(pair, "=")
		key, errKey := unescape(key)
		value, errValue := unescape(value)
		if errKey != nil || errValue != nil || strings.IndexByte(pair, ';') >= 0 {
			return refused(ErrMalformed, CheckQuery, "a bad escape or a semicolon")
		}
		var field *string
		switch key {
		case "msg_signature":
			field = &in.Signature
		case "timestamp":
			field = &in.Timestamp
		case "nonce":
			field = &in.Nonce
		case "echostr":
			if !urlCheck {
				continue
			}
			field = &in.Encrypt
		default:
			continue
		}
		if *field != "" {
			return refused(ErrMalformed, CheckQuery, key+" more than once")
		}
		if value == "" {
			return refused(ErrMalformed, CheckQuery, key+" empty")
		}
		*field = value
	}
	seconds, err := strconv.ParseInt(in.Timestamp, 10, 64)
	switch {
	case !parseSignature(&in.digest, in.Signature):
		return refused(ErrMalformed, CheckQuery, shape("msg_signature", in.Signature), "40 hexadecimal digits")
	case !isTimestamp(in.Timestamp) || err != nil:
		return refused(ErrMalformed, CheckQuery, shape("timestamp", in.Timestamp), "1 to 11 digits")
	case !isNonce(in.Nonce):
		return refused(ErrMalformed, CheckQuery, shape("nonce", in.Nonce), "1 to 32 letters, digits, - and _")
	case urlCheck && in.Encrypt == "":
		return refused(ErrMalformed, CheckQuery, "no echostr")
	}
	in.at = time.Unix(seconds, 0)
	return nil
}

// shape describes a parameter without repeating it.
func shape(name, value string) string {
	if value == "" {
		return "no " + name
	}
	return fmt.Sprintf("%s of %d bytes", name, len(value))
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

// readBody reads the body, no more of it than allowed, and the envelope in it.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, in *incoming) error {
	var err error
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return refused(ErrEncoding, CheckEncoding, show(encoding), "none")
		}
	}
	if in.body, err = readAtMost(r, s.config.MaxBodyBytes, in.body, &in.quota); err != nil {
		return err
	}
	if w != nil { // the deadline that ServeHTTP has set
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	if len(in.body) == 0 {
		return refused(ErrMalformed, CheckEnvelope, noBytes)
	}
	return in.readEnvelope(unsafeString(in.body))
}

// rewind gives the request a body that can be read again, if it was read.
func (in *incoming) rewind(r *http.Request) {
	if in.body != nil {
		r.Body = io.NopCloser(bytes.NewReader(in.body))
	}
}

// noBytes is the size of a body that there is nothing of.
const noBytes = "0 bytes"

// readAtMost reads the body into buffer, or into memory that grows no faster
// than the body arrives, and no further than its quota.
func readAtMost(r *http.Request, most int64, buffer []byte, quota *quota) ([]byte, error) {
	if r.ContentLength > most {
		return nil, refused(ErrTooLarge, CheckSize, strconv.FormatInt(r.ContentLength, 10)+" bytes")
	}
	if r.Body == nil {
		return nil, nil
	}
	const first, growth = 16 << 10, 4
	size := int64(first)
	if r.ContentLength >= 0 {
		size = min(r.ContentLength+1, first) // one more, so that the last Read reports the end
	}
	body := withRoom(buffer, int(size))
	quota.grow(int64(cap(body)))
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > most:
			return nil, refused(ErrTooLarge, CheckSize, "more than "+strconv.FormatInt(most, 10)+" bytes")
		case err == io.EOF, errors.Is(err, http.ErrBodyReadAfterClose): // by a middleware
			return body, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, refused(ErrTimeout, CheckBody, fmt.Sprintf("%d bytes, then nothing", len(body)))
		case err != nil:
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				return nil, refused(ErrTooLarge, CheckSize, "more than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes")
			}
			return nil, refused(ErrMalformed, CheckBody, fmt.Sprintf("%d bytes, then the connection broke", len(body)))
		case len(body) == cap(body):
			size := growth * int64(cap(body))
			if rest := r.ContentLength + 1; rest > int64(cap(body)) {
				size = min(size, rest)
			}
			if size = min(size, most+1); !quota.grow(size) {
				return nil, refused(ErrOverloaded, CheckBodies, "more than "+strconv.Itoa(len(body))+" bytes")
			}
			body = append(make([]byte, 0, size), body...)
		}
	}
}

// readEnvelope finds Encrypt in XML, or in the JSON that some apps can choose. It may stand there once, as a direct
// child of the root, in one piece.
func (in *incoming) readEnvelope(text string) error {
	malformed := func(got string) error { return refused(ErrMalformed, CheckEnvelope, got) }
	isJSON := xmlread.IsJSON(text)
	if isJSON {
		var err error
		if text, err = xmlread.FromJSON(text); err != nil {
			return malformed(err.Error())
		}
	}
	doc := &in.doc
	if err := doc.ReadBut("Encrypt", text); err != nil {
		return malformed(err.Error())
	}
	found := false
	for i := range doc.Len() {
		name, inner := doc.Name(i), doc.Inner(i)
		switch {
		case len(name) == len("Encrypt") && strings.EqualFold(name, "Encrypt"):
			value, runs := xmlread.TextRuns(inner)
			if found || runs != 1 || !isJSON && name != "Encrypt" {
				return malformed("Encrypt more than once, empty, in pieces or in another case")
			}
			found, in.Encrypt = true, value
		case in.ToUserName == "" && strings.EqualFold(name, "ToUserName"):
			in.ToUserName = xmlread.Text(inner)
		case in.AgentID == "" && strings.EqualFold(name, "AgentID"):
			in.AgentID = xmlread.Text(inner)
		}
	}
	if !found {
		return malformed("no Encrypt")
	}
	return nil
}

// unsafeString is b as a string without a copy; b must not be written to again.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
