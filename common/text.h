/* text: what is done to text from outside before people and logs see it. */
#ifndef PAWCAM_COMMON_TEXT_H
#define PAWCAM_COMMON_TEXT_H

/* Makes each control character a '?', so that the text is one line whatever a file or a device is
 * called. */
void text_one_line(char *text);

#endif
