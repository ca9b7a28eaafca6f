package event

import "strings"

// Canonical is the name of an event in the spelling of this package, where that
// differs from what WeCom sends: in the case of letters, or because WeCom's pages
// have two spellings. The name comes in its two parts: InfoType or Event, and
// ChangeType; or "message", and MsgType.
//
// A name that is not in the catalogue stays as it is, but for a family that is.
// Nothing is allocated.
func Canonical(first, second string) (string, string) {
	if strings.Contains(first, ".") { // which stands between the parts
		return first, second
	}
	if name := spell(first, second); name != "" {
		first, second, _ = strings.Cut(name, ".")
	} else if family := spell(first, ""); family != "" {
		first = family
	}
	return first, second
}

// IsForeign tells whether an element belongs to other events, and not to the
// five that are made for a suite: suite_ticket, create_auth, change_auth,
// cancel_auth and reset_permanent_code. An element that is in no event is
// foreign to none. It is for package openwork.
func IsForeign(element string) bool {
	var lower [64]byte
	return len(element) <= len(lower) && isForeign(appendLower(lower[:0], element))
}

// appendLower appends text in lower case.
func appendLower(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// spell finds a name of the catalogue or of a family, whole or in two parts, in
// any case; "" for any other.
func spell(first, second string) string {
	var lower [64]byte
	if len(first)+len(".")+len(second) > len(lower) {
		return ""
	}
	name := appendLower(lower[:0], first)
	if second != "" {
		name = appendLower(append(name, '.'), second)
	}
	return spelling(name)
}
