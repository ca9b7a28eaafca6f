package openwork_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The first block of a frame decrypts to the random prefix, which nobody looks
// at. So the outsider may choose it, and with it the length and the first 12
// characters of a text that goes on anywhere inside a captured push, without
// any noise. A text of his own that is long enough to hold an event whole, in
// a push that is made for the suite, is an event.
func TestO13_TextThatBeginsAnew(t *testing.T) {
	t.Parallel()
	forgeries := map[string]string{
		"cancel_auth":          "<InfoType>cancel_auth</InfoType><AuthCorpId>" + strangerCorp + "</AuthCorpId>",
		"change_auth":          "<InfoType>change_auth</InfoType><AuthCorpId>" + strangerCorp + "</AuthCorpId>",
		"create_auth":          "<InfoType>create_auth</InfoType><AuthCode>forged-code</AuthCode>",
		"reset_permanent_code": "<InfoType>reset_permanent_code</InfoType><AuthCode>forged-code</AuthCode>",
		"suite_ticket":         "<InfoType>suite_ticket</InfoType><SuiteId>" + testSuiteID + "</SuiteId><SuiteTicket>forged</SuiteTicket>",
	}
	for name, event := range forgeries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := chance(40)
			s := newSpliced(t)
			for shift := range blockSize {
				text := "<xml>" + event + "<TimeStamp>1700000001</TimeStamp><Name><![CDATA["
				c, at := longName(from, shift, "0123"+text)
				length := 20 + c.text - (at+1)*blockSize - 4
				made := append(c.opening(at+1, length, text[:12]), c.blocks(at+2, c.len())...)
				if len(made)/blockSize%2 != 0 {
					continue // another alignment
				}
				plain := refDecryptRaw(t, testKey, made)
				require.True(t, strings.HasPrefix(string(plain[20:]), text))
				require.Equal(t, testSuiteID, string(plain[20+length:20+length+len(testSuiteID)]))
				s.try(made)
			}
			require.Positive(t, s.tried)
			require.Empty(t, s.ran, "forged with one request")
			require.NoError(t, s.ticketErr())
		})
	}
}
