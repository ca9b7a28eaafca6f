package openwork_test

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVectors walks testdata/vectors. A new case is a new file there, in the form vectorFile describes.
func TestVectors(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("testdata", "vectors", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 5, "the five published vectors")

	for _, path := range paths {
		v := readVector(t, path)
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			t.Run("Sign", v.testSign)
			t.Run("Open", v.testOpen)
			t.Run("Seal", v.testSeal)
			t.Run("ServeHTTP", v.testServeHTTP)
		})
	}
}

func (v *vectorFile) testSign(t *testing.T) {
	c, err := openwork.NewCrypto(v.Token, v.EncodingAESKey)
	require.NoError(t, err)
	assert.Equal(t, v.Signature, c.Sign(v.Timestamp, v.Nonce, v.Encrypt))
	assert.Equal(t, v.Signature, refSign(v.Token, v.Timestamp, v.Nonce, v.Encrypt), "the test kit's own signature")
}

func (v *vectorFile) testOpen(t *testing.T) {
	c, err := openwork.NewCrypto(v.Token, v.EncodingAESKey)
	require.NoError(t, err)
	plaintext, receiveID, err := c.Open(v.Signature, v.Timestamp, v.Nonce, v.Encrypt)
	require.NoError(t, err)
	assert.Equal(t, v.Plaintext, string(plaintext))
	assert.Equal(t, v.ReceiveID, string(receiveID))
}

func (v *vectorFile) testSeal(t *testing.T) {
	c, err := openwork.NewCrypto(v.Token, v.EncodingAESKey)
	require.NoError(t, err)
	openwork.SetRandom(c, strings.NewReader(v.Random))
	ciphertext, err := c.Seal([]byte(v.Plaintext), v.ReceiveID)
	require.NoError(t, err)
	assert.Equal(t, v.Encrypt, ciphertext)
}

// testServeHTTP lets a Server of the provider named in the vector answer it. The vectors are years old, so the
// timestamp is not checked.
func (v *vectorFile) testServeHTTP(t *testing.T) {
	f := newFixture(t, func(c *openwork.Config) {
		c.SuiteID = ""
		c.Token = v.Token
		c.EncodingAESKey = v.EncodingAESKey
		c.ProviderCorpID = v.ReceiveID
		c.Tolerance = -1
	})
	var contents []string
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		contents = append(contents, msg.Get("Content"))
		return next(msg)
	})
	w := f.do(v.request())

	switch {
	case v.Expect == "malformed":
		assert.Equal(t, http.StatusBadRequest, w.Code)
		assert.Empty(t, w.Body.String())
		assert.Empty(t, contents, "a handler ran")
	case v.Method == http.MethodGet:
		assert.Equal(t, http.StatusOK, w.Code, f.log.String())
		assert.Equal(t, v.Plaintext, w.Body.String())
		assert.Empty(t, contents, "a URL check is no push")
	default:
		assert.Equal(t, http.StatusOK, w.Code, f.log.String())
		assert.Equal(t, "success", w.Body.String())
		assert.Equal(t, []string{v.Content}, contents)
	}
}

// TestVectors_TimeIsCheckedByDefault keeps the switch of the walk above honest: with the default tolerance the same
// requests are stale.
func TestVectors_TimeIsCheckedByDefault(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a1", "a2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := readVector(t, filepath.Join("testdata", "vectors", name+".txt"))
			seconds, err := strconv.ParseInt(v.Timestamp, 10, 64)
			require.NoError(t, err)
			f := newFixture(t, func(c *openwork.Config) {
				c.SuiteID, c.ProviderCorpID = "", v.ReceiveID
				c.Token, c.EncodingAESKey = v.Token, v.EncodingAESKey
			})
			f.requireRefused(http.StatusForbidden, v.request())

			f.clock.Advance(time.Unix(seconds, 0).Sub(testNow))
			require.Equal(t, http.StatusOK, f.do(v.request()).Code, "at the time of the vector itself")
		})
	}
}

// vectorFile is one file of testdata/vectors:
//
//	expect: plaintext            what a Server does: it answers the plaintext, or finds it malformed
//	method: GET                  GET for a URL check, POST for a push
//	token: QDG6eK
//	encoding-aes-key: …
//	receiveid: …
//	msg_signature: …
//	timestamp: …
//	nonce: …
//	random: …                    the 16 bytes in front of the plaintext
//	content: hello               the Content a handler sees; only for a push with expect: plaintext
//	comment: where it is from    ignored
//
//	-- echostr --                or "-- body --" for a push: the whole HTTP body
//	…
//	-- plaintext --
//	…
//
// Everything between two such lines is taken byte for byte, except the newline in front of the next line and the one
// at the end of the file: they belong to the file. A plaintext that itself ends in a newline is followed by an empty
// line.
type vectorFile struct {
	Expect, Method                   string
	Token, EncodingAESKey, ReceiveID string
	Signature, Timestamp, Nonce      string
	Random, Content                  string
	Body                             string // of a push
	Encrypt                          string // the echostr of a URL check, else what the body carries
	Plaintext                        string
}

func (v *vectorFile) request() *http.Request {
	query := url.Values{"msg_signature": {v.Signature}, "timestamp": {v.Timestamp}, "nonce": {v.Nonce}}
	if v.Method == http.MethodGet {
		query.Set("echostr", v.Encrypt)
	}
	return httptest.NewRequest(v.Method, "/wecom/callback?"+query.Encode(), strings.NewReader(v.Body))
}

func readVector(t *testing.T, path string) *vectorFile {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(file), "\n\n")
	require.True(t, ok, "%s: no blank line after the head", path)

	v := &vectorFile{}
	fields := map[string]*string{
		"expect": &v.Expect, "method": &v.Method, "token": &v.Token, "encoding-aes-key": &v.EncodingAESKey,
		"receiveid": &v.ReceiveID, "msg_signature": &v.Signature, "timestamp": &v.Timestamp, "nonce": &v.Nonce,
		"random": &v.Random, "content": &v.Content, "comment": new(string),
	}
	for lines := bufio.NewScanner(strings.NewReader(head)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ": ")
		require.True(t, ok, "%s: %q is not key: value", path, lines.Text())
		require.Contains(t, fields, key, path)
		*fields[key] = value
	}
	require.Contains(t, []string{"plaintext", "malformed"}, v.Expect, path)
	require.Contains(t, []string{http.MethodGet, http.MethodPost}, v.Method, path)
	require.Len(t, v.Random, 16, path)

	first := "-- body --\n"
	if v.Method == http.MethodGet {
		first = "-- echostr --\n"
	}
	require.True(t, strings.HasPrefix(rest, first), "%s: %q expected after the head", path, first)
	require.True(t, strings.HasSuffix(rest, "\n"), "%s: no newline at the end of the file", path)
	content, plaintext, ok := strings.Cut(rest[len(first):], "\n-- plaintext --\n")
	require.True(t, ok, "%s: no plaintext", path)
	v.Plaintext = strings.TrimSuffix(plaintext, "\n")
	if v.Method == http.MethodGet {
		v.Encrypt = content
		return v
	}

	v.Body = content
	var envelope struct{ Encrypt string }
	if strings.HasPrefix(content, "<") {
		require.NoError(t, xml.Unmarshal([]byte(content), &envelope), path)
	} else {
		require.NoError(t, json.Unmarshal([]byte(content), &envelope), path)
	}
	v.Encrypt = envelope.Encrypt
	require.NotEmpty(t, v.Encrypt, path)
	return v
}
