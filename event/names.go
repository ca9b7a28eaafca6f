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

// spell finds a name of the catalogue or of a family, whole or in two parts, in
// any case; "" for any other.
func spell(first, second string) string {
	var lower [64]byte
	if len(first)+len(".")+len(second) > len(lower) {
		return ""
	}
	name := append(lower[:0], first...)
	if second != "" {
		name = append(append(name, '.'), second...)
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c + 'a' - 'A'
		}
	}
	return spelling(name)
}
