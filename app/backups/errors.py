"""What can go wrong with backups."""

from infra.errors import Conflict, DomainError, InvalidInput, NotFound


class NoBackupFolder(InvalidInput):
    code = "backup_folder_missing"
    message = "未设置备份目录（GUANXI_BACKUP_FOLDER 或 --folder）"
    english = "No folder for backups is set"


class BackupRuns(Conflict):
    code = "backup_running"
    message = "已有备份正在进行"
    english = "A backup is being made"


class ProgramMissing(NotFound):
    code = "postgres_program_missing"
    message = "找不到与数据库同版本的 PostgreSQL 程序（GUANXI_POSTGRES_BIN）"
    english = "PostgreSQL's programs of the server's major version were not found"


class ProgramFailed(DomainError):
    code = "postgres_program_failed"
    status = 500
    message = "PostgreSQL 程序执行失败"
    english = "A program of PostgreSQL failed"


class ArchiveBroken(InvalidInput):
    code = "backup_broken"
    message = "备份不完整、被改动过，或由另一个 GUANXI_SECRET_KEY 所做"
    english = "The backup is incomplete, was changed, or was made under another GUANXI_SECRET_KEY"


class DatabaseNotEmpty(Conflict):
    code = "database_not_empty"
    message = "目标数据库不是空的，只能恢复到空数据库"
    english = "A backup is restored into an empty database only"
