package openwork

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
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

	digest [sha1.Size]byte // Signature in binary
	frame  []byte          // Encrypt in binary
	at     time.Time       // Timestamp
	body   []byte          // of the request
	doc    xmlread.Document

	passage passage
}

// Format shows no part that could be sent again.
func (e Envelope) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.Envelope{%d characters}", len(e.Encrypt))
}

// MarshalText is the same for encoders: package slog, JSON, XML, YAML.
func (e Envelope) MarshalText() ([]byte, error) { return fmt.Append(nil, e), nil }

// envelopes are reused by Serve, for the memory of body and frame; nothing of one may be kept beyond that.
type envelopes struct{ sync.Pool }

// get returns an empty envelope.
func (p *envelopes) get() *Envelope {
	if e, ok := p.Get().(*Envelope); ok {
		return e
	}
	return &Envelope{}
}

func (p *envelopes) put(e *Envelope) {
	if cap(e.body)+cap(e.frame) > mostReused {
		return
	}
	e.doc.Reset()
	*e = Envelope{body: e.body[:0], frame: e.frame[:0], doc: e.doc}
	p.Put(e)
}

// bodyTimeout is how long a body may take to arrive: WeCom itself gives up after five seconds.
const bodyTimeout = 2500 * time.Millisecond

// maxQuery is more than an echostr needs; net/http lets a megabyte through.
const maxQuery = 8 << 10

// receive takes a request apart and checks its shape; nothing is hashed yet.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, e *Envelope) error {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return refused(ErrMethod, checkMethod, show(r.Method), http.MethodGet, http.MethodPost)
	}
	if err := e.readQuery(r.URL.RawQuery, r.Method == http.MethodGet); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := s.readBody(w, r, e); err != nil {
			return err
		}
	}
	var ok bool
	if e.frame, ok = decodeCiphertext(e.frame, e.Encrypt); !ok {
		return refused(ErrMalformed, checkEnvelope,
			fmt.Sprintf("%d characters that are not strict base64 of a multiple of 32 bytes", len(e.Encrypt)))
	}
	return nil
}

// readQuery finds the parameters that WeCom signs. It parses the query itself: url.ParseQuery drops what it does not
// understand, and takes the first of several. Other parameters may be there, a router's own or $CORPID$.
func (e *Envelope) readQuery(raw string, urlCheck bool) error {
	if len(raw) > maxQuery {
		return refused(ErrMalformed, checkQuery, fmt.Sprintf("%d bytes", len(raw)))
	}
	for rest := raw; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		key, value, _ := strings.Cut(pair, "=")
		key, errKey := unescape(key)
		value, errValue := unescape(value)
		if errKey != nil || errValue != nil || strings.IndexByte(pair, ';') >= 0 {
			return refused(ErrMalformed, checkQuery, "a bad escape or a semicolon")
		}
		var field *string
		switch key {
		case "msg_signature":
			field = &e.Signature
		case "timestamp":
			field = &e.Timestamp
		case "nonce":
			field = &e.Nonce
		case "echostr":
			if !urlCheck {
				continue
			}
			field = &e.Encrypt
		default:
			continue
		}
		if *field != "" {
			return refused(ErrMalformed, checkQuery, key+" more than once")
		}
		if value == "" {
			return refused(ErrMalformed, checkQuery, key+" empty")
		}
		*field = value
	}
	seconds, err := strconv.ParseInt(e.Timestamp, 10, 64)
	switch {
	case !parseSignature(&e.digest, e.Signature):
		return refused(ErrMalformed, checkQuery, shape("msg_signature", e.Signature), "40 hexadecimal digits")
	case !isTimestamp(e.Timestamp) || err != nil:
		return refused(ErrMalformed, checkQuery, shape("timestamp", e.Timestamp), "1 to 11 digits")
	case !isNonce(e.Nonce):
		return refused(ErrMalformed, checkQuery, shape("nonce", e.Nonce), "1 to 32 letters, digits, - and _")
	case urlCheck && e.Encrypt == "":
		return refused(ErrMalformed, checkQuery, "no echostr")
	}
	e.at = time.Unix(seconds, 0)
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
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, e *Envelope) error {
	var err error
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return refused(ErrEncoding, checkEncoding, show(encoding), "none")
		}
	}
	if e.body, err = readAtMost(r, s.config.MaxBodyBytes, e.body); err != nil {
		return err
	}
	if w != nil { // the deadline that ServeHTTP has set
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	return e.readEnvelope(unsafeString(e.body))
}

// rewind gives the request a body that can be read again, if it was read.
func (e *Envelope) rewind(r *http.Request) {
	if e.body != nil {
		r.Body = io.NopCloser(bytes.NewReader(e.body))
	}
}

// readAtMost reads the body into buffer, or into memory that grows no faster than the body arrives.
func readAtMost(r *http.Request, most int64, buffer []byte) ([]byte, error) {
	if r.ContentLength > most {
		return nil, refused(ErrTooLarge, checkSize, strconv.FormatInt(r.ContentLength, 10)+" bytes")
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
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > most:
			return nil, refused(ErrTooLarge, checkSize, "more than "+strconv.FormatInt(most, 10)+" bytes")
		case err == io.EOF:
			return body, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, refused(ErrTimeout, checkBody, fmt.Sprintf("%d bytes, then nothing", len(body)))
		case err != nil:
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				return nil, refused(ErrTooLarge, checkSize, "more than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes")
			}
			return nil, refused(ErrMalformed, checkBody, fmt.Sprintf("%d bytes, then the connection broke", len(body)))
		case len(body) == cap(body):
			size := growth * int64(cap(body))
			if rest := r.ContentLength + 1; rest > int64(cap(body)) {
				size = min(size, rest)
			}
			body = append(make([]byte, 0, min(size, most+1)), body...)
		}
	}
}

// readEnvelope finds Encrypt in XML, or in the JSON that some apps can choose. It may stand there once, as a direct
// child of the root, in one piece.
func (e *Envelope) readEnvelope(text string) error {
	malformed := func(got string) error { return refused(ErrMalformed, checkEnvelope, got) }
	isJSON := xmlread.IsJSON(text)
	if isJSON {
		var err error
		if text, err = xmlread.FromJSON(text); err != nil {
			return malformed(err.Error())
		}
	}
	doc := &e.doc
	if err := doc.Read(text); err != nil {
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
			found, e.Encrypt = true, value
		case e.ToUserName == "" && strings.EqualFold(name, "ToUserName"):
			e.ToUserName = xmlread.Text(inner)
		case e.AgentID == "" && strings.EqualFold(name, "AgentID"):
			e.AgentID = xmlread.Text(inner)
		}
	}
	if !found {
		return malformed("no Encrypt")
	}
	return nil
}

// unsafeString is b as a string without a copy; b must not be written to again.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
