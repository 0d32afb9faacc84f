package flashgin

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// encodingVersion is raised when a message is stored in a way that older versions would misread. Older versions skip it.
const encodingVersion = 1

// stored is the form in which every store that needs bytes keeps a message. Unknown fields are ignored when it is read.
type stored struct {
	Version int `json:"v"`
	Message
}

// encodeMessage returns the stored form of m, one line of JSON.
func encodeMessage(m Message) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // nobody puts the stored form into a page
	if err := enc.Encode(stored{encodingVersion, m}); err != nil {
		return nil, fmt.Errorf("flashgin: encode message: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// decodeMessage reads what encodeMessage made. Its errors never quote data.
func decodeMessage(data []byte) (Message, error) {
	var head struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Message{}, fmt.Errorf("flashgin: a stored message of %d bytes is not JSON of ours", len(data))
	}
	if head.Version != encodingVersion {
		return Message{}, fmt.Errorf("flashgin: a stored message has version %d; this flashgin reads version %d", head.Version, encodingVersion)
	}
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return Message{}, fmt.Errorf("flashgin: a stored message of %d bytes does not fit version %d", len(data), encodingVersion)
	}
	return s.Message, nil
}
