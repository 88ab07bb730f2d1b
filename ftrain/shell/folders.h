/* The user's folders. */
#ifndef FTRAIN_SHELL_FOLDERS_H
#define FTRAIN_SHELL_FOLDERS_H

/* Where ftrain keeps what it has computed, $XDG_CACHE_HOME/densenet, and where torch hub keeps its checkpoints. To be
 * freed; NULL when the environment names no folder or memory runs out. */
char *cache_folder(void);
char *torch_checkpoints_folder(void);

#endif
